// Time and chance: the FPGA's counter for ticks, the host's clock (semihosting SYS_TIME) for a real-time clock.
// mp_hal_time_ns is also what LittleFS of 1.25 and 1.26 asks the port for, which has none.

#include "py/mphal.h"
#include "py/runtime.h"
#include "shared/timeutils/timeutils.h"

#include "clock.h"

#define SYS_TIME (0x11)
#define SECONDS_1970_TO_2000 (946684800)

// FPGA system control of AN385 (Arm DAI 0385): a counter of 25 MHz / (PRESCALE + 1).
#define COUNTER (*(volatile uint32_t *)0x40028018)
#define PRESCALE (*(volatile uint32_t *)0x4002801c)

static uint64_t microseconds(void) {
    static uint32_t last, high;
    static bool started;
    if (!started) {
        PRESCALE = 24;
        started = true;
    }
    uint32_t now = COUNTER;
    if (now < last) {
        high++;
    }
    last = now;
    return (uint64_t)high << 32 | now;
}

mp_uint_t mp_hal_ticks_us(void) {
    return microseconds();
}

mp_uint_t mp_hal_ticks_ms(void) {
    return microseconds() / 1000;
}

mp_uint_t mp_hal_ticks_cpu(void) {
    return microseconds();
}

void mp_hal_delay_us(mp_uint_t us) {
    uint64_t start = microseconds();
    while (microseconds() - start < us) {
        mp_event_handle_nowait();
    }
}

void mp_hal_delay_ms(mp_uint_t ms) {
    uint64_t start = microseconds();
    while (microseconds() - start < (uint64_t)ms * 1000) {
        mp_event_wait_ms(1);
    }
}

uint32_t clock_seconds(void) {
    register uint32_t operation __asm("r0") = SYS_TIME;
    register uint32_t argument __asm("r1") = 0;
    __asm volatile ("bkpt 0xab" : "+r" (operation) : "r" (argument) : "memory");
    return operation - SECONDS_1970_TO_2000;
}

uint64_t mp_hal_time_ns(void) {
    return clock_seconds() * 1000000000ULL;
}

// No secret: the host's seconds and the board's microseconds.
uint32_t clock_seed(void) {
    return clock_seconds() * 2654435761U ^ (uint32_t)microseconds();
}
