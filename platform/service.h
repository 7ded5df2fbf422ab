/*
 * The life of a role as a service: stop and reload requests of the service manager, and telling it
 * that we are ready and well. On Linux: SIGTERM/SIGINT, SIGHUP, and systemd's notify protocol.
 * On Windows: the service control manager (stop, shutdown, paramchange) or the keys of a console.
 */
#ifndef PLATFORM_SERVICE_H
#define PLATFORM_SERVICE_H

#include "platform/poll.h"

#include <stdbool.h>

int service_open(void);    /* once, before the first thread */
wait_t service_wait(void); /* ready when one of the two below became true, until both were asked */
bool service_stop_asked(
    void); /* stays true; other threads see it once the one above's thread has */
bool service_reload_asked(void); /* true once a request */
void service_ready(void);
void service_alive(void);              /* watchdog; cheap when nobody asks for it */
int64_t service_watchdog_ms(void);     /* how often service_alive is wanted, or -1 */
void service_status(const char *text); /* one line for the service manager */

#endif
