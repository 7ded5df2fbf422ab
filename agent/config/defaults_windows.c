#include "config/defaults.h"

#define SYSTEM(folder)                                                                             \
    folder "/*.exe\n" folder "/*.dll\n" folder "/*.sys\n" folder "/wbem\n" folder                  \
           "/WindowsPowerShell"
#define PROGRAMS(folder) folder "/**/*.exe\n" folder "/**/*.dll\n" folder "/**/*.sys"

/* The drivers' folder holds etc/hosts; Tasks are the scheduled ones. */
const char config_default_paths[] = SYSTEM("C:/Windows/System32") "\n" SYSTEM(
    "C:/Windows/SysWOW64") "\n"
                           "C:/Windows/System32/drivers\nC:/Windows/System32/Tasks\nC:/Windows/"
                           "System32/GroupPolicy\n"
                           "C:/Windows/*.exe\nC:/bootmgr\nC:/Boot\nC:/Windows/Boot\n"
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

/* clang-format off */
#define MACHINE    "HKLM\\SOFTWARE\\Microsoft\\"
#define MACHINE_32 "HKLM\\SOFTWARE\\WOW6432Node\\Microsoft\\" /* what programs of 32 bits see */
#define USER       "HKU\\*\\Software\\Microsoft\\"
#define SET        "HKLM\\SYSTEM\\CurrentControlSet\\"
#define CLASSES    "HKU\\*\\Software\\Classes\\"
#define AT_LOGON(place)                                    \
    place "Windows\\CurrentVersion\\Run\n"                 \
    place "Windows\\CurrentVersion\\RunOnce\n"             \
    place "Windows\\CurrentVersion\\RunOnceEx\\**\n"       \
    place "Windows\\CurrentVersion\\Policies\\**\n"        \
    place "Windows NT\\CurrentVersion\\Windows\n"          \
    place "Windows NT\\CurrentVersion\\Winlogon\\**\n"     \
    place "Command Processor\n"
#define IN_PROGRAMS(place)                                                  \
    place "Windows NT\\CurrentVersion\\Image File Execution Options\\**\n"  \
    place "Windows NT\\CurrentVersion\\SilentProcessExit\\**\n"             \
    place "Active Setup\\Installed Components\\*\n"                         \
    place "Windows\\CurrentVersion\\Explorer\\Browser Helper Objects\\*\n"

/* What starts by itself, or inside other programs, and what says who may do what. */
const char config_default_registry_keys[] =
    SET "Services\\*\n"
    SET "Services\\*\\Parameters\n"
    SET "Services\\W32Time\\TimeProviders\\*\n"
    AT_LOGON(MACHINE)
    AT_LOGON(MACHINE_32)
    AT_LOGON(USER)
    IN_PROGRAMS(MACHINE)
    IN_PROGRAMS(MACHINE_32)
    SET "Control\\Lsa\n"
    SET "Control\\Lsa\\OSConfig\n"
    SET "Control\\SecurityProviders\\**\n"
    SET "Control\\Session Manager\n"
    SET "Control\\Session Manager\\KnownDLLs\n"
    SET "Control\\Session Manager\\AppCertDlls\n"
    SET "Control\\Session Manager\\Environment\n"
    SET "Control\\SafeBoot\\**\n"
    SET "Control\\Print\\Monitors\\**\n"
    SET "Control\\Print\\Providers\\*\n"
    SET "Control\\NetworkProvider\\Order\n"
    SET "Control\\Terminal Server\\WinStations\\RDP-Tcp\n"
    MACHINE "Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tree\\**\n"
    MACHINE "Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tasks\\*\n"
    MACHINE "Windows NT\\CurrentVersion\\AppCompatFlags\\Custom\\**\n"
    MACHINE "Windows NT\\CurrentVersion\\AppCompatFlags\\InstalledSDB\\**\n"
    MACHINE "Netsh\n"
    MACHINE "AMSI\\Providers\\*\n"
    "HKLM\\SOFTWARE\\Policies\\Microsoft\\**\n"
    "HKU\\*\\Software\\Policies\\Microsoft\\**\n"
    "HKU\\*\\Environment\n"
    "HKU\\*\\Control Panel\\Desktop\n"
    CLASSES "CLSID\\*\\InprocServer32\n"
    CLASSES "CLSID\\*\\LocalServer32\n"
    CLASSES "ms-settings\\shell\\open\\command\n"
    CLASSES "mscfile\\shell\\open\\command\n"
    CLASSES "exefile\\shell\\*\\command";

/* What Windows writes by itself all the time. */
const char config_default_registry_excludes[] =
    "**\\TaskCache\\Tasks\\*\\DynamicInfo\n"
    "**\\Services\\Tcpip*\\Parameters\\Dhcp*\n"
    "**\\Services\\SharedAccess\\Epoch*\n"
    "**\\Policies\\Microsoft\\SystemCertificates\\**\n"
    "**\\Winlogon\\GPExtensions\\**\n"
    "**\\Winlogon\\LastLogOff*\n"
    "**\\Winlogon\\LastUsedUsername\n"
    "**\\Winlogon\\AutoLogonSID\n"
    "**\\Control Panel\\Desktop\\*Wallpaper*\n"
    "**\\Control Panel\\Desktop\\TranscodedImage*";
/* clang-format on */
