/* The crowd of crowd.py in C, so that the load takes little from the server on the same cores.
 *
 * crowd URL ORIGIN SIZE PRESSES: reads SIZE lines "ticket variant" from standard input, joins with
 * a socket each, prints "joined", waits for "go", presses the basket PRESSES times a socket, each
 * time when the last press was answered, and prints the figures as JSON.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { INPUT = 65536, FRAME = 320, CODES = 16, SECONDS_MAX = 120 };

struct viewer {
    int fd, pressed, open, joined;
    double since;
    char *ticket, *presses; /* each press a frame of `press_bytes`, masked beforehand */
    size_t press_bytes, got;
    unsigned char input[INPUT];
};

static struct { char code[64]; long count; } refused[CODES];
static const char *origin;
static int presses, joined;
static long answers, granted;
static double *waited;

static void fail(const char *what) { perror(what); exit(1); }

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void put(int fd, const void *bytes, size_t size)
{
    if (send(fd, bytes, size, MSG_NOSIGNAL) != (ssize_t)size)
        fail("send");
}

/* A text frame of a client (RFC 6455, section 5.2); returns its length. */
static size_t frame(char *to, const char *text)
{
    size_t size = strlen(text), head = size < 126 ? 2 : 4;
    char mask[4];
    to[0] = (char)0x81;
    to[1] = (char)(0x80 | (size < 126 ? size : 126));
    if (head == 4) {
        to[2] = (char)(size >> 8);
        to[3] = (char)size;
    }
    if (getrandom(mask, 4, 0) != 4)
        fail("getrandom");
    memcpy(to + head, mask, 4);
    for (size_t i = 0; i < size; i++)
        to[head + 4 + i] = text[i] ^ mask[i % 4];
    return head + 4 + size;
}

/* A UUID of version 7, as the peers of the benchmark use. */
static void new_id(char to[37])
{
    static uint32_t count;
    struct timespec t;
    uint64_t r;
    clock_gettime(CLOCK_REALTIME, &t);
    uint64_t ms = (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
    if (getrandom(&r, sizeof r, 0) != sizeof r)
        fail("getrandom");
    snprintf(to, 37, "%08x-%04x-7%03x-%04x-%012llx", (unsigned)(ms >> 16), (unsigned)(ms & 0xffff),
             (unsigned)(count++ & 0xfff), (unsigned)(0x8000 | (r >> 50)),
             (unsigned long long)(r & 0xffffffffffffULL));
}

static void prepare(struct viewer *v, const char *variant)
{
    char text[FRAME], key[37];
    v->presses = malloc((size_t)presses * FRAME);
    if (v->presses == NULL)
        fail("malloc");
    for (int n = 0; n < presses; n++) {
        new_id(key);
        /* Numbers of one width, so that all presses have one length. */
        snprintf(text, sizeof text, "{\"do\":\"hold\",\"id\":%d,\"args\":{\"variant\":\"%s\","
                 "\"quantity\":1,\"key\":\"%s\"}}", 100000 + n, variant, key);
        v->press_bytes = frame(v->presses + (size_t)n * FRAME, text);
    }
}

static void call(struct viewer *v, const char *host, int port, int epoll)
{
    char request[512];
    int one = 1;
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = v};
    inet_pton(AF_INET, host, &there.sin_addr);
    v->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (v->fd < 0 || connect(v->fd, (struct sockaddr *)&there, sizeof there))
        fail("connect");
    setsockopt(v->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    int size = snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: %s:%d\r\nOrigin: %s\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", host, port, origin);
    put(v->fd, request, (size_t)size);
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, v->fd, &event))
        fail("epoll_ctl");
}

static void press(struct viewer *v)
{
    if (v->pressed == presses)
        return;
    v->since = now();
    put(v->fd, v->presses + (size_t)v->pressed++ * FRAME, v->press_bytes);
}

static void refuse(const char *message)
{
    const char *at = strstr(message, "\"code\":\"");
    int n = 0;
    char code[64] = "unknown";
    if (at != NULL)
        sscanf(at + 8, "%63[^\"]", code);
    while (n < CODES - 1 && refused[n].count && strcmp(refused[n].code, code) != 0)
        n++;
    strcpy(refused[n].code, code);
    refused[n].count++;
}

static void hear(struct viewer *v, const char *message)
{
    if (strncmp(message, "{\"t\":\"welcome\"", 14) == 0) {
        joined += !v->joined;
        v->joined = 1;
    } else if (strncmp(message, "{\"t\":\"re\"", 9) == 0) {
        waited[answers++] = now() - v->since;
        if (strstr(message, "\"ok\":") != NULL)
            granted++;
        else
            refuse(message);
        press(v);
    }
}

/* Take the frames that are whole; what is left waits for its rest. */
static void take(struct viewer *v)
{
    unsigned char *at = v->input, *end = v->input + v->got;
    while (end - at >= 2) {
        size_t size = at[1] & 0x7f, head = size == 126 ? 4 : size == 127 ? 10 : 2;
        if ((size_t)(end - at) < head)
            break;
        if (head > 2) {
            size = 0;
            for (size_t i = 2; i < head; i++)
                size = size << 8 | at[i];
        }
        if (head + size >= INPUT) {
            fputs("a frame is too large\n", stderr);
            exit(1);
        }
        if ((size_t)(end - at) < head + size)
            break;
        unsigned char after = at[head + size]; /* input has one byte to spare */
        at[head + size] = 0;
        if ((at[0] & 0x0f) == 1)
            hear(v, (char *)at + head);
        at[head + size] = after;
        at += head + size;
    }
    v->got = (size_t)(end - at);
    memmove(v->input, at, v->got);
}

static void read_some(struct viewer *v)
{
    ssize_t part = recv(v->fd, v->input + v->got, INPUT - 1 - v->got, 0);
    if (part <= 0)
        fail("the server hung up");
    v->got += (size_t)part;
    if (!v->open) {
        unsigned char *end = memmem(v->input, v->got, "\r\n\r\n", 4);
        char join[4200], text[4096];
        if (end == NULL)
            return;
        v->got -= (size_t)(end + 4 - v->input);
        memmove(v->input, end + 4, v->got);
        v->open = 1;
        snprintf(text, sizeof text,
                 "{\"do\":\"join\",\"id\":1,\"ticket\":\"%s\",\"after\":null}", v->ticket);
        put(v->fd, join, frame(join, text));
    }
    take(v);
}

static void listen_until(int epoll, const int *at_least, const long *count, long goal, double until)
{
    struct epoll_event events[256];
    while ((at_least ? *at_least : *count) < goal) {
        int ready = epoll_wait(epoll, events, 256, 1000);
        if (now() > until) {
            fputs("the answers did not come in time\n", stderr);
            exit(1);
        }
        for (int n = 0; n < ready; n++)
            read_some(events[n].data.ptr);
    }
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double cpu(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
        + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void tell(double took, double used)
{
    qsort(waited, (size_t)answers, sizeof *waited, by_size);
    printf("{\"answers\":%ld,\"seconds\":%.9f,\"cpu_seconds\":%.6f,\"granted\":%ld,\"refused\":{",
           answers, took, used, granted);
    for (int n = 0; n < CODES && refused[n].count; n++)
        printf("%s\"%s\":%ld", n ? "," : "", refused[n].code, refused[n].count);
    printf("},\"p50\":%.9f,\"p99\":%.9f}\n", waited[answers / 2], waited[answers * 99 / 100]);
    fflush(stdout);
}

int main(int count, char **given)
{
    char host[64], ticket[2048], variant[64], line[16];
    int port, epoll = epoll_create1(0);
    if (count != 5 || sscanf(given[1], "ws://%63[^:]:%d", host, &port) != 2)
        return 2;
    origin = given[2];
    int size = atoi(given[3]);
    presses = atoi(given[4]);
    struct viewer *viewers = calloc((size_t)size, sizeof *viewers);
    waited = malloc((size_t)size * (size_t)presses * sizeof *waited);
    if (viewers == NULL || waited == NULL || epoll < 0)
        fail("start");
    for (int i = 0; i < size; i++) {
        if (scanf("%2047s %63s", ticket, variant) != 2)
            return 2;
        viewers[i].ticket = strdup(ticket);
        prepare(&viewers[i], variant);
    }
    for (int i = 0; i < size; i += 50) {
        int end = i + 50 < size ? i + 50 : size;
        for (int n = i; n < end; n++)
            call(&viewers[n], host, port, epoll);
        listen_until(epoll, &joined, NULL, end, now() + SECONDS_MAX);
    }
    puts("joined");
    fflush(stdout);
    if (scanf("%15s", line) != 1)
        return 2;
    double began = now(), before = cpu();
    for (int i = 0; i < size; i++)
        press(&viewers[i]);
    listen_until(epoll, NULL, &answers, (long)size * presses, began + SECONDS_MAX);
    tell(now() - began, cpu() - before);
    return 0;
}
