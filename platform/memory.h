/* Memory of this process. */
#ifndef PLATFORM_MEMORY_H
#define PLATFORM_MEMORY_H

/* Gives back to the OS what the allocator holds and nobody uses. Takes milliseconds: after large
 * work, or now and then. */
void memory_trim(void);

#endif
