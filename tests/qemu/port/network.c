// The module socket (and usocket, its old name) of a board whose network is out of reach: this machine has none.
// In C, as a port's is, so that it takes no heap.

#include "py/runtime.h"

#define EAI_NONAME (-2)

static mp_obj_t getaddrinfo(size_t n_args, const mp_obj_t *args) {
    mp_raise_OSError(EAI_NONAME); // what an ESP32 says when no name server answers
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(getaddrinfo_obj, 2, 6, getaddrinfo);

static const mp_rom_map_elem_t socket_globals_table[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_socket)},
    {MP_ROM_QSTR(MP_QSTR_getaddrinfo), MP_ROM_PTR(&getaddrinfo_obj)},
    {MP_ROM_QSTR(MP_QSTR_AF_INET), MP_ROM_INT(2)},
    {MP_ROM_QSTR(MP_QSTR_SOCK_STREAM), MP_ROM_INT(1)},
};
static MP_DEFINE_CONST_DICT(socket_globals, socket_globals_table);

const mp_obj_module_t socket_module = {
    .base = {&mp_type_module},
    .globals = (mp_obj_dict_t *)&socket_globals,
};
MP_REGISTER_EXTENSIBLE_MODULE(MP_QSTR_socket, socket_module);
