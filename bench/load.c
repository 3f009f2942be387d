/* The load of load.py in C, so that it takes little from the server on the same cores.
 *
 * Reads from standard input what load.py writes: a line "HOST PORT ws|http VIEWERS PERIOD", then for
 * each viewer two numbers and as many bytes as they say: what opens its connection, and its
 * messages, each behind its own length (32 bits, big end first). Opens all connections (a WebSocket
 * also sends its first message, which joins), prints "joined", waits for a line, then lets each
 * viewer send its next message when the last was answered. PERIOD messages are one deed, and how
 * long deeds took is what is told, as JSON.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { INPUT = 65536, CODES = 16, SECONDS_MAX = 120, AT_ONCE = 50 };

struct viewer {
    int fd, opened, joined, next, messages;
    double since;
    size_t opening_bytes, got;
    unsigned char *opening, *at; /* at: the next message, behind its length */
    unsigned char input[INPUT];
};

static struct { char code[64]; long count; } refused[CODES];
static int http, period, joined;
static long answers, granted, deeds, wanted;
static double *took;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint32_t number(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static unsigned char *take_in(size_t size)
{
    unsigned char *bytes = malloc(size + 1);
    if (bytes == NULL || fread(bytes, 1, size, stdin) != size)
        fail("input");
    return bytes;
}

static void put(int fd, const void *bytes, size_t size)
{
    if (send(fd, bytes, size, MSG_NOSIGNAL) != (ssize_t)size)
        fail("send");
}

static void send_next(struct viewer *v)
{
    uint32_t size = number(v->at);
    put(v->fd, v->at + 4, size);
    v->at += 4 + size;
    v->next++;
}

static void act(struct viewer *v)
{
    if (v->next == v->messages)
        return;
    if ((v->next - !http) % period == 0)
        v->since = now();
    send_next(v);
}

static void refuse(const char *message)
{
    const char *at = strstr(message, "\"code\":\"");
    char code[64] = "unknown";
    int n = 0;
    if (at != NULL)
        sscanf(at + 8, "%63[^\"]", code);
    while (n < CODES - 1 && refused[n].count && strcmp(refused[n].code, code) != 0)
        n++;
    strcpy(refused[n].code, code);
    refused[n].count++;
}

static void answered(struct viewer *v, const char *message, int ok)
{
    answers++;
    if (ok)
        granted++;
    else
        refuse(message);
    if ((v->next - !http) % period == 0)
        took[deeds++] = now() - v->since;
    act(v);
}

static void hear(struct viewer *v, const char *message)
{
    if (strncmp(message, "{\"t\":\"welcome\"", 14) == 0) {
        joined += !v->joined;
        v->joined = 1;
    } else if (strncmp(message, "{\"t\":\"re\"", 9) == 0) {
        answered(v, message, strstr(message, "\"ok\":") != NULL);
    }
}

/* One WebSocket frame (RFC 6455, section 5.2); returns its length, 0 while it is not whole. */
static size_t take_frame(struct viewer *v, unsigned char *at, size_t left)
{
    if (left < 2)
        return 0;
    size_t size = at[1] & 0x7f, head = size == 126 ? 4 : size == 127 ? 10 : 2;
    if (left < head)
        return 0;
    if (head > 2)
        for (size_t i = 2, high = size = 0; i < head; i++, high++)
            size = size << 8 | at[i];
    if (head + size >= INPUT)
        fail("a frame is too large");
    if (left < head + size)
        return 0;
    unsigned char after = at[head + size]; /* the input has a byte to spare */
    at[head + size] = 0;
    if ((at[0] & 0x0f) == 1)
        hear(v, (char *)at + head);
    at[head + size] = after;
    return head + size;
}

/* One HTTP response with a Content-Length (RFC 9112); returns its length, 0 while not whole. */
static size_t take_response(struct viewer *v, unsigned char *at, size_t left)
{
    unsigned char after = at[left], *end;
    at[left] = 0;
    end = memmem(at, left, "\r\n\r\n", 4);
    char *length = end ? strcasestr((char *)at, "\r\ncontent-length:") : NULL;
    size_t whole = length ? (size_t)(end + 4 - at) + (size_t)atol(length + 17) : 0;
    if (whole && whole <= left) {
        char *body = (char *)end + 4, kept = body[whole - (size_t)(end + 4 - at)];
        body[whole - (size_t)(end + 4 - at)] = 0;
        answered(v, body, memcmp(at, "HTTP/1.1 200", 12) == 0);
        body[whole - (size_t)(end + 4 - at)] = kept;
    } else {
        whole = 0;
    }
    at[left] = after;
    return whole;
}

static void read_some(struct viewer *v)
{
    ssize_t part = recv(v->fd, v->input + v->got, INPUT - 1 - v->got, 0);
    unsigned char *at = v->input;
    size_t size;
    if (part <= 0)
        fail("the server hung up");
    v->got += (size_t)part;
    if (!v->opened) {
        unsigned char *end = memmem(v->input, v->got, "\r\n\r\n", 4);
        if (end == NULL)
            return;
        at = end + 4;
        v->opened = 1;
        send_next(v);
    }
    while ((size = http ? take_response(v, at, (size_t)(v->input + v->got - at))
                        : take_frame(v, at, (size_t)(v->input + v->got - at))) > 0)
        at += size;
    v->got = (size_t)(v->input + v->got - at);
    memmove(v->input, at, v->got);
}

static void open_connection(struct viewer *v, const char *host, int port, int epoll)
{
    int one = 1;
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = v};
    inet_pton(AF_INET, host, &there.sin_addr);
    v->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (v->fd < 0 || connect(v->fd, (struct sockaddr *)&there, sizeof there))
        fail("connect");
    setsockopt(v->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, v->fd, &event))
        fail("epoll_ctl");
    if (http)
        joined += v->opened = v->joined = 1;
    else
        put(v->fd, v->opening, v->opening_bytes);
}

static void listen_while(int epoll, int joins, int goal)
{
    struct epoll_event events[256];
    double until = now() + SECONDS_MAX;
    while (joins ? joined < goal : answers < wanted) {
        int ready = epoll_wait(epoll, events, 256, 1000);
        if (now() > until)
            fail("the answers did not come in time");
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

static void tell(double seconds, double used)
{
    qsort(took, (size_t)deeds, sizeof *took, by_size);
    printf("{\"answers\":%ld,\"deeds\":%ld,\"seconds\":%.9f,\"cpu_seconds\":%.6f,\"granted\":%ld,"
           "\"refused\":{", answers, deeds, seconds, used, granted);
    for (int n = 0; n < CODES && refused[n].count; n++)
        printf("%s\"%s\":%ld", n ? "," : "", refused[n].code, refused[n].count);
    printf("},\"p50\":%.9f,\"p99\":%.9f}\n", took[deeds / 2], took[deeds * 99 / 100]);
    fflush(stdout);
}

static void take_viewer(struct viewer *v)
{
    unsigned char *head = take_in(8);
    size_t size = number(head + 4);
    v->opening_bytes = number(head);
    v->opening = take_in(v->opening_bytes);
    v->at = take_in(size);
    for (size_t at = 0; at < size; at += 4 + number(v->at + at))
        v->messages++;
    wanted += v->messages - !http;
}

int main(void)
{
    char host[64], mode[8], line[16];
    int port, size, epoll = epoll_create1(0);
    if (epoll < 0 || scanf("%63s %d %7s %d %d", host, &port, mode, &size, &period) != 5)
        return 2;
    getchar();
    http = strcmp(mode, "http") == 0;
    struct viewer *viewers = calloc((size_t)size, sizeof *viewers);
    if (viewers == NULL)
        fail("start");
    for (int i = 0; i < size; i++)
        take_viewer(&viewers[i]);
    took = malloc((size_t)(wanted + 1) * sizeof *took);
    for (int i = 0; i < size; i += AT_ONCE) {
        int end = i + AT_ONCE < size ? i + AT_ONCE : size;
        for (int n = i; n < end; n++)
            open_connection(&viewers[n], host, port, epoll);
        listen_while(epoll, 1, end);
    }
    puts("joined");
    fflush(stdout);
    if (took == NULL || scanf("%15s", line) != 1)
        return 2;
    double began = now(), before = cpu();
    for (int i = 0; i < size; i++)
        act(&viewers[i]);
    listen_while(epoll, 0, 0);
    tell(now() - began, cpu() - before);
    return 0;
}
