#include <stdint.h>

uint32_t clock_seconds(void); // since 2000, as on an ESP32
uint32_t clock_seed(void);
