// The qemu port's settings, then what the port of 1.25 and 1.26 leaves out and an ESP32 has.

#include "mpconfigport.h"

#undef MICROPY_PY_SELECT
#undef MICROPY_PY_TIME
#undef MICROPY_PY_ASYNCIO
#undef MICROPY_PY_SYS_STDIO_BUFFER
#undef MICROPY_VFS_ROM_IOCTL
#define MICROPY_PY_SELECT (1)
#define MICROPY_PY_ASYNCIO (1)
#define MICROPY_PY_SYS_STDIO_BUFFER (1)
#define MICROPY_VFS_ROM_IOCTL (1)

#define MICROPY_PY_TIME (1)
#define MICROPY_PY_TIME_GMTIME_LOCALTIME_MKTIME (1)
#define MICROPY_PY_TIME_TIME_TIME_NS (1)
#define MICROPY_PY_TIME_INCLUDEFILE "ports/qemu/modtime.h"
#define MICROPY_PY_OS_URANDOM (1)
#define MICROPY_PY_OS_INCLUDEFILE "ports/qemu/modos.h"
#define MICROPY_PY_RANDOM_SEED_INIT_FUNC (clock_seed())

#define MICROPY_ENABLE_SCHEDULER (1)
#define MICROPY_ENABLE_FINALISER (1)

// This line loses nothing: a window of raw paste may be large, and each costs mpremote's end a delayed ACK.
#define MICROPY_REPL_STDIN_BUFFER_MAX (8192)

// The port reads its UART only when it wants a key: Ctrl-C would stop no program.
extern void uart_watch(void);
#define MICROPY_VM_HOOK_LOOP uart_watch();
#define MICROPY_VM_HOOK_RETURN uart_watch();
#define MICROPY_INTERNAL_EVENT_HOOK uart_watch()

extern void uart_sleep(void);
#define MICROPY_INTERNAL_WFE(timeout_ms) uart_sleep()

#include <stdint.h>
extern uint32_t clock_seed(void);
