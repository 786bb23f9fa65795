// The serial line. In place of the port's own mphalport.c, whose reader hears Ctrl-C only while it waits for a key.

#include "py/mphal.h"
#include "py/runtime.h"
#include "py/stream.h"
#include "shared/runtime/interrupt_char.h"

#include "uart.h"

#define KEYS (512) // a power of two
#define EVERY (64) // calls of uart_watch to one look: a look costs qemu as much as some hundred instructions

// Armv7-M Architecture Reference Manual, system control space; Cortex-M System Design Kit (DDI 0479), APB UART.
#define NVIC_ENABLE (*(volatile uint32_t *)0xe000e100)
#define NVIC_CLEAR (*(volatile uint32_t *)0xe000e280)
#define SYSTICK_CONTROL (*(volatile uint32_t *)0xe000e010)
#define SYSTICK_RELOAD (*(volatile uint32_t *)0xe000e014)
#define ICSR (*(volatile uint32_t *)0xe000ed04)
#define ICSR_SYSTICK_CLEAR (1 << 25)
#define UART_CONTROL (*(volatile uint32_t *)0x40004008)
#define UART_INTERRUPT (*(volatile uint32_t *)0x4000400c)
#define UART_RECEIVES (1)
#define UART_RECEIVES_ENABLE (1 << 3)
#define UART_RECEIVED (1 << 1)

static uint8_t keys[KEYS];
static size_t come, gone;

static void look(void) {
    while (come - gone < KEYS) { // what has no room waits in the line
        int key = uart_rx_chr();
        if (key < 0) {
            return;
        }
        if (key == mp_interrupt_char) {
            mp_sched_keyboard_interrupt();
        } else {
            keys[come++ % KEYS] = key;
        }
    }
}

void uart_watch(void) {
    static unsigned calls;
    if (++calls % EVERY == 0) {
        look();
    }
}

// Sleep until a key comes, at most a millisecond: qemu would else keep a processor of the host busy. The interrupts stay
// masked: they wake, and nobody serves them.
void uart_sleep(void) {
    static bool begun;
    if (!begun) {
        begun = true;
        __asm volatile ("cpsid i");
        UART_CONTROL |= UART_RECEIVES_ENABLE;
        NVIC_ENABLE = UART_RECEIVES;
        SYSTICK_RELOAD = 25000 - 1; // of 25 MHz
        SYSTICK_CONTROL = 7;
    }
    if (come == gone) {
        __asm volatile ("wfi" ::: "memory");
    }
    ICSR = ICSR_SYSTICK_CLEAR;
    UART_INTERRUPT = UART_RECEIVED;
    NVIC_CLEAR = UART_RECEIVES;
    look();
}

uintptr_t mp_hal_stdio_poll(uintptr_t poll_flags) {
    look();
    uintptr_t ready = come != gone ? MP_STREAM_POLL_RD : 0;
    return (ready | MP_STREAM_POLL_WR) & poll_flags;
}

int mp_hal_stdin_rx_chr(void) {
    look();
    while (come == gone) {
        mp_event_handle_nowait();
        uart_sleep();
    }
    return keys[gone++ % KEYS];
}

mp_uint_t mp_hal_stdout_tx_strn(const char *text, size_t bytes) {
    uart_tx_strn(text, bytes);
    return bytes;
}
