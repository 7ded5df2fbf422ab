/* What is watched unless the configuration says something else, with line ends between: its own on
 * each system (defaults_linux.c, defaults_windows.c). */
#ifndef CONFIG_DEFAULTS_H
#define CONFIG_DEFAULTS_H

extern const char config_default_paths[];
extern const char config_default_excludes[];
extern const char config_default_registry_keys[];
extern const char config_default_registry_excludes[];

#endif
