/* A shared library of the host that is only used if it is there. What was opened stays loaded. */
#ifndef PLATFORM_LIBRARY_H
#define PLATFORM_LIBRARY_H

struct library_symbol {
    const char *name;
    void *at; /* address of a pointer to a function, set once all of them were found */
};

/* Looked for where the system keeps its own libraries, by its name alone. symbols end with a NULL
 * name. -ENOSYS: there is none, or none with all of them. */
int library_load(const char *file, const struct library_symbol *symbols);

#endif
