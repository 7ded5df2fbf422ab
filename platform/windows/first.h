/* Included before base/banned.h in what is built for Windows: headers that use what that takes
 * away. */
#ifndef PLATFORM_WINDOWS_FIRST_H
#define PLATFORM_WINDOWS_FIRST_H

#include <winsock2.h>
#include <ws2tcpip.h>

#include <iphlpapi.h>

#endif
