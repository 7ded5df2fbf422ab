#include "detect/all.h"

const struct detector *const all_detectors[] = {&detector_sigma, &detector_templates, NULL};
