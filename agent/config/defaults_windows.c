#include "config/defaults.h"

/* Patterns look at case, Windows does not. */
#define EXE ".[eE][xX][eE]"
#define DLL ".[dD][lL][lL]"
#define SYS ".[sS][yY][sS]"
#define SYSTEM(folder)                                                                             \
    folder "/*" EXE "\n" folder "/*" DLL "\n" folder "/*" SYS "\n" folder "/wbem\n" folder         \
           "/WindowsPowerShell"
#define PROGRAMS(folder) folder "/**/*" EXE "\n" folder "/**/*" DLL "\n" folder "/**/*" SYS

/* The drivers' folder holds etc/hosts; Tasks are the scheduled ones. */
const char config_default_paths[] = SYSTEM("C:/Windows/System32") "\n" SYSTEM(
    "C:/Windows/SysWOW64") "\n"
                           "C:/Windows/System32/drivers\nC:/Windows/System32/Tasks\nC:/Windows/"
                           "System32/GroupPolicy\n"
                           "C:/Windows/*" EXE "\nC:/bootmgr\nC:/Boot\nC:/Windows/Boot\n"
                           "C:/ProgramData/Microsoft/Windows/Start Menu/Programs/Startup\n"
                           "C:/Users/*/AppData/Roaming/Microsoft/Windows/Start "
                           "Menu/Programs/Startup\n"
                           "C:/ProgramData/Vigia\n" PROGRAMS("C:/Program Files") "\n" PROGRAMS(
                               "C:/Program Files (x86)");

/* What Windows writes by itself all the time. */
const char config_default_excludes[] =
    "C:/Windows/System32/Tasks/Microsoft/Windows/UpdateOrchestrator/**\n"
    "C:/Windows/System32/wbem/Repository/**\nC:/Windows/System32/wbem/Performance/**\n"
    "C:/Windows/System32/drivers/DriverData/**";
