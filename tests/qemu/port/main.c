// The start of a board as ports/esp32/main.c has it: _boot.py, boot.py, main.py, the prompt; Ctrl-D starts over.
// In place of the port's own main.c, which knows no files and has a heap of one size.

#include "py/compile.h"
#include "py/gc.h"
#include "py/runtime.h"
#include "py/stackctrl.h"
#include "shared/runtime/gchelper.h"
#include "shared/runtime/pyexec.h"

#include "psram.h"

static uint32_t heap[PSRAM_HEAP_MAX_BYTES / sizeof(uint32_t)];

void exit(int status);

static bool run_files(void) {
    pyexec_frozen_module("_boot.py", false);
    int result = pyexec_file_if_exists("boot.py");
    if (!(result & PYEXEC_FORCED_EXIT) && result != 0 && pyexec_mode_kind == PYEXEC_MODE_FRIENDLY_REPL) {
        result = pyexec_file_if_exists("main.py");
    }
    return !(result & PYEXEC_FORCED_EXIT);
}

static void prompt(void) {
    int done = 0;
    while (!done) {
        done = pyexec_mode_kind == PYEXEC_MODE_RAW_REPL ? pyexec_raw_repl() : pyexec_friendly_repl();
    }
}

int main(int argc, char **argv) {
    size_t bytes = PSRAM_ORDERS->heap_bytes;
    if (bytes == 0 || bytes > sizeof(heap)) {
        bytes = PSRAM_HEAP_BYTES;
    }
    for (;;) {
        mp_stack_ctrl_init();
        mp_stack_set_limit(15 * 1024); // an ESP32's task
        gc_init(heap, (char *)heap + bytes);
        mp_init();
        if (run_files()) {
            prompt();
        }
        mp_printf(&mp_plat_print, "MPY: soft reboot\n");
        gc_sweep_all();
        mp_deinit();
    }
}

void gc_collect(void) {
    gc_collect_start();
    gc_helper_collect_regs_and_stack();
    gc_collect_end();
}

void nlr_jump_fail(void *value) {
    mp_printf(&mp_plat_print, "uncaught NLR\n");
    exit(1);
}
