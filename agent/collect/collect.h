/*
 * The collect role: reads the host with privileges and has no network. Its start reads as the story
 * of what it opens; then one poll loop until the service manager asks it to stop.
 *
 * Exit codes: 0 asked to stop, 1 could not start or a durable folder is unusable, 2 bad config.
 */
#ifndef COLLECT_COLLECT_H
#define COLLECT_COLLECT_H

int collect_run(const char *config_file);

#endif
