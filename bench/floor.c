/* The floor of fan-out: one send(2) a socket and frame, nothing else.
 *
 * floor PORT SOCKETS: takes SOCKETS connections, answers each upgrade without looking at it, then
 * for every line "FRAMES MILLISECONDS" on standard input sends that many frames of 200 bytes to
 * all of them, so far apart, and prints "sent".
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char ANSWER[] =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";

static int welcome(int listening)
{
    char request[4096];
    size_t got = 0;
    int one = 1, fd = accept(listening, NULL, NULL);
    if (fd < 0)
        exit(1);
    while (got < 4 || memcmp(request + got - 4, "\r\n\r\n", 4) != 0) {
        ssize_t part = recv(fd, request + got, sizeof request - got, 0);
        if (part <= 0)
            exit(1);
        got += (size_t)part;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (send(fd, ANSWER, sizeof ANSWER - 1, 0) < 0)
        exit(1);
    return fd;
}

int main(int count, char **given)
{
    if (count != 3)
        return 2;
    int one = 1, sockets = atoi(given[2]), listening = socket(AF_INET, SOCK_STREAM, 0);
    int *fds = calloc((size_t)sockets, sizeof *fds);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(given[1]))};
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (fds == NULL || bind(listening, (struct sockaddr *)&here, sizeof here) || listen(listening, 4096))
        return 1;
    for (int i = 0; i < sockets; i++)
        fds[i] = welcome(listening);

    char frame[204] = {(char)0x81, 126, 0, (char)200};
    memset(frame + 4, 'x', 200);
    int frames, milliseconds;
    while (scanf("%d %d", &frames, &milliseconds) == 2) {
        for (int n = 0; n < frames; n++) {
            for (int i = 0; i < sockets; i++)
                if (send(fds[i], frame, sizeof frame, MSG_NOSIGNAL) != (ssize_t)sizeof frame)
                    return 1;
            usleep((useconds_t)milliseconds * 1000);
        }
        puts("sent");
        fflush(stdout);
    }
    return 0;
}
