/*
 * Included before everything else by the Makefile: functions that have no bound or hide an error do
 * not compile. Use buf.h, text.h and snprintf.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#undef sprintf
#undef vsprintf
#undef strtok
#undef atoi
#undef atol
#undef atoll
#undef atof
#undef sscanf
#undef gets
#undef system
#undef popen
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok atoi atol atoll atof sscanf
#pragma GCC poison gets system popen

#endif
