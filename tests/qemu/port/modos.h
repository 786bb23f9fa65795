// Included by extmod/modos.c: os.urandom, which the port lacks.

#include "py/objstr.h"
#include "clock.h"

static mp_obj_t mp_os_urandom(mp_obj_t number) {
    static uint32_t state;
    vstr_t bytes;
    vstr_init_len(&bytes, mp_obj_get_int(number));
    for (size_t i = 0; i < bytes.len; i++) {
        state = (state ^ clock_seed()) * 1664525U + 1013904223U;
        bytes.buf[i] = state >> 24;
    }
    return mp_obj_new_bytes_from_vstr(&bytes);
}
static MP_DEFINE_CONST_FUN_OBJ_1(mp_os_urandom_obj, mp_os_urandom);
