/* The detectors there are; a new one is a file, a line here and a line in all.c. */
#ifndef DETECT_ALL_H
#define DETECT_ALL_H

#include "detect/detect.h"

extern const struct detector detector_sigma;
extern const struct detector detector_templates;

#endif
