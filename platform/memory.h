/* Memory of this process. */
#ifndef PLATFORM_MEMORY_H
#define PLATFORM_MEMORY_H

/* Once at the start: what is large goes back to the OS as soon as it is freed, however much of it
 * there was before. */
void memory_init(void);

/* Gives back to the OS what the allocator holds and nobody uses. Takes milliseconds: after large
 * work, or now and then. */
void memory_trim(void);

#endif
