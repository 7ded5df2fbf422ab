#include "config/defaults.h"

/* What starts by itself when somebody logs in. */
#define LOGIN_FILES(home)                                                                          \
    home "/.ssh\n" home "/.rhosts\n" home "/.profile\n" home "/.bashrc\n" home                     \
         "/.bash_profile\n" home "/.bash_login\n" home "/.bash_logout\n" home                      \
         "/.bash_aliases\n" home "/.zshenv\n" home "/.zprofile\n" home "/.zshrc\n" home            \
         "/.zlogin\n" home "/.kshrc\n" home "/.cshrc\n" home "/.tcshrc\n" home "/.login\n" home    \
         "/.config/fish\n" home "/.pam_environment\n" home "/.config/environment.d\n" home         \
         "/.config/autostart\n" home "/.config/systemd\n" home "/.local/share/systemd"

/* /etc holds most: PAM, ld.so.preload, cron, units, shells' start files of everybody. Kernel
 * modules, PAM's modules and the system's units lie below /lib or /usr/lib. */
const char config_default_paths[] =
    "/bin\n/sbin\n/usr/bin\n/usr/sbin\n/usr/local/bin\n/usr/local/sbin\n/usr/libexec\n"
    "/lib\n/lib32\n/lib64\n/libx32\n/usr/lib\n/usr/lib32\n/usr/lib64\n/usr/libx32\n"
    "/usr/local/lib\n/usr/local/lib64\n/usr/local/libexec\n/usr/local/etc\n/usr/local/share/"
    "systemd\n"
    "/usr/share/dbus-1/system-services\n/usr/share/polkit-1\n"
    "/etc\n/boot\n/var/spool/cron\n/var/spool/at\n" LOGIN_FILES("/root") "\n" LOGIN_FILES(
        "/home/*");

/* What programs of the system write by themselves all the time. */
const char config_default_excludes[] =
    "/etc/mtab\n/etc/resolv.conf\n/etc/adjtime\n/etc/ld.so.cache\n/etc/.pwd.lock\n"
    "/etc/cups/subscriptions.conf*\n/etc/lvm/archive\n/etc/lvm/backup\n/etc/lvm/cache\n"
    "/boot/grub/grubenv\n**/.ssh/known_hosts*\n**/*.swp\n**/*~\n**/__pycache__/**";

/* There is none. */
const char config_default_registry_keys[] = "";
const char config_default_registry_excludes[] = "";
