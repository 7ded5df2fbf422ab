/* From two states of a file to the event that tells the difference. */
#ifndef SOURCE_INTEGRITY_TELL_H
#define SOURCE_INTEGRITY_TELL_H

#include "event/event.h"
#include "platform/signature.h"
#include "platform/watch.h"
#include "source/integrity/state.h"

#include <stdbool.h>

struct integrity_fact {
    const char *path;                             /* without host_root */
    const char *new_path;                         /* of a rename, else NULL */
    const struct integrity_state *before, *after; /* NULL: not there */
    unsigned change;                              /* enum integrity_change */
    const struct watch_actor *actor;              /* NULL: unknown */
    const struct signature *signature;            /* after; NULL: not looked for */
    int64_t seen_ms;                              /* when it was noticed, wall clock */
    bool by_scan, by_journal;                     /* else it was seen as it happened */
    bool by_walk;                                 /* in a walk, through all or a folder */
    bool while_off;                               /* it happened while nobody looked */
    enum event_severity severity;
    bool by_packages;       /* the package manager did it, as far as can be told */
    const char *package;    /* that it belongs to; NULL: none, or not known */
    const char *as_package; /* how it stands to what the package says of it, in words, or NULL */
    bool conffile;          /* a configuration file of the package */
    const char *overlay;    /* where a container sees it, NULL: it lies in no container's layer */
    const char *container;  /* the id of that container; NULL: not known */
};

/* The bit of a kind of change by the word that events use for it ("setuid"); 0: there is none. */
unsigned integrity_change_of_word(struct span word);

/* The same change gives the same uid whoever finds it. */
void integrity_tell(const struct integrity_fact *f, void (*emit)(void *ctx, const struct event *e),
                    void *ctx);

/* Many changes told as one, under the path of a file that stands for them. */
struct integrity_sum_fact {
    uint8_t uid[EVENT_UID_SIZE];
    const char *path;
    const struct integrity_state *state;
    const struct watch_actor *actor; /* NULL: unknown */
    int64_t time_ms;
    const char *message;
    struct span vigia;
};

void integrity_tell_sum(const struct integrity_sum_fact *f,
                        void (*emit)(void *ctx, const struct event *e), void *ctx);

struct integrity_scan_fact {
    const char *name; /* "baseline", "re-check" */
    bool manual;      /* asked for by a person */
    bool cancelled;
    const char *why;    /* all had to be scanned, in words; or "" */
    int64_t started_ms; /* wall clock */
    int64_t duration_ms;
    uint64_t files, told, adopted, skipped;
    const char *skipped_words; /* JSON object: counts by reason */
};

void integrity_tell_scan(const struct integrity_scan_fact *f,
                         void (*emit)(void *ctx, const struct event *e), void *ctx);

#endif
