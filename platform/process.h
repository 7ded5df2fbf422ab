/* Processes: our own cost, and starting, stopping and waiting for our own roles (vigia run). */
#ifndef PLATFORM_PROCESS_H
#define PLATFORM_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct process_cost {
    uint64_t cpu_ms;   /* user and system, this process */
    uint64_t rss_kib;  /* now */
    uint64_t peak_kib; /* ever */
};

void process_cost_of_self(struct process_cost *out);
uint64_t process_faults(void); /* pages brought in so far without reading a disk, all threads */
int process_self_id(void);

/* Path of the running program; length, or a negative errno value. */
int process_self_path(char *out, size_t size);

/* The same of another process; -EACCES and the like where it may not be asked. */
int process_path(int id, char *out, size_t size);

struct process;
/* argv[0] is the program's path, argv ends with NULL. The child dies with its parent, on Linux with
 * the thread that started it. -ENOENT and the like if it cannot be run. */
int process_start(const char *const *argv, struct process **out);
void process_ask_to_stop(struct process *p);
/* 1 and *code when it has ended (128 + signal if killed), 0 if it still runs. */
int process_ended(struct process *p, int *code);
void process_free(struct process *p); /* kills it if it still runs */

bool process_is_alive(int id);

#endif
