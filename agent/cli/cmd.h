/*
 * The subcommands: one file each, cmd_<name>.c, and one line in main.c's table. argv[0] is the
 * subcommand's own name. Exit codes: 0 done or healthy, 1 failed or degraded, 2 bad usage or bad
 * configuration, 3 (status, report) not running.
 */
#ifndef CLI_CMD_H
#define CLI_CMD_H

int cmd_run(int argc, char **argv);
int cmd_collect(int argc, char **argv);
int cmd_ship(int argc, char **argv);
int cmd_enroll(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_rules(int argc, char **argv);
int cmd_scan(int argc, char **argv);
int cmd_updates(int argc, char **argv);
int cmd_templates(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_support(int argc, char **argv);

#endif
