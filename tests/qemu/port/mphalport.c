// The serial line. In place of the port's own mphalport.c, whose reader hears Ctrl-C only while it waits for a key.

#include "py/mphal.h"
#include "py/runtime.h"
#include "py/stream.h"
#include "shared/runtime/interrupt_char.h"

#include "uart.h"

#define KEYS (512) // a power of two
#define EVERY (64) // calls of uart_watch to one look: a look costs qemu as much as some hundred instructions

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

uintptr_t mp_hal_stdio_poll(uintptr_t poll_flags) {
    look();
    uintptr_t ready = come != gone ? MP_STREAM_POLL_RD : 0;
    return (ready | MP_STREAM_POLL_WR) & poll_flags;
}

int mp_hal_stdin_rx_chr(void) {
    while (come == gone) {
        look();
        mp_event_handle_nowait();
    }
    return keys[gone++ % KEYS];
}

mp_uint_t mp_hal_stdout_tx_strn(const char *text, size_t bytes) {
    uart_tx_strn(text, bytes);
    return bytes;
}
