// mps2.Flash, the block device of the file system and of ROMFS, in memory that outlives qemu (psram.h).
// It erases to ones and programs ones to zeros, as flash does.

#include <string.h>

#include "py/mperrno.h"
#include "py/runtime.h"
#include "extmod/vfs.h"

#include "psram.h"

void exit(int status);

typedef struct {
    mp_obj_base_t base;
    uint8_t *start;
    size_t blocks;
    bool fails; // with the power
} flash_t;

static const mp_obj_type_t flash_type;
static flash_t files = {{&flash_type}, PSRAM_FLASH, PSRAM_BLOCKS, true};
static flash_t rom = {{&flash_type}, PSRAM_ROM, PSRAM_ROM_BLOCKS, false};

static mp_obj_t flash_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 0, 0, false);
    return MP_OBJ_FROM_PTR(&files);
}

// How many bytes of this access are carried out; the rest, and all that would follow, is lost with the power.
static size_t carried_out(flash_t *self, size_t bytes) {
    return self->fails && ++PSRAM_ORDERS->accesses == PSRAM_ORDERS->cut ? bytes / 2 : bytes;
}

static void power(size_t done, size_t bytes) {
    if (done < bytes) {
        exit(0);
    }
}

static void erase(flash_t *self, size_t block) {
    size_t done = carried_out(self, PSRAM_BLOCK_BYTES);
    memset(self->start + block * PSRAM_BLOCK_BYTES, 0xff, done);
    power(done, PSRAM_BLOCK_BYTES);
}

static void program(flash_t *self, uint8_t *to, const uint8_t *from, size_t bytes) {
    size_t done = carried_out(self, bytes);
    for (size_t i = 0; i < done; i++) {
        to[i] &= from[i];
    }
    power(done, bytes);
}

static uint8_t *place(flash_t *self, size_t n_args, const mp_obj_t *args, size_t bytes) {
    size_t at = mp_obj_get_int(args[1]) * PSRAM_BLOCK_BYTES + (n_args > 3 ? mp_obj_get_int(args[3]) : 0);
    if (at + bytes > self->blocks * PSRAM_BLOCK_BYTES) {
        mp_raise_OSError(MP_EINVAL);
    }
    return self->start + at;
}

static mp_obj_t flash_readblocks(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t buffer;
    mp_get_buffer_raise(args[2], &buffer, MP_BUFFER_WRITE);
    memcpy(buffer.buf, place(MP_OBJ_TO_PTR(args[0]), n_args, args, buffer.len), buffer.len);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(flash_readblocks_obj, 3, 4, flash_readblocks);

static mp_obj_t flash_writeblocks(size_t n_args, const mp_obj_t *args) {
    flash_t *self = MP_OBJ_TO_PTR(args[0]);
    mp_buffer_info_t buffer;
    mp_get_buffer_raise(args[2], &buffer, MP_BUFFER_READ);
    uint8_t *to = place(self, n_args, args, buffer.len);
    if (n_args == 3) { // whole blocks are erased first
        for (size_t i = 0; i < buffer.len / PSRAM_BLOCK_BYTES; i++) {
            erase(self, mp_obj_get_int(args[1]) + i);
        }
    }
    program(self, to, buffer.buf, buffer.len);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(flash_writeblocks_obj, 3, 4, flash_writeblocks);

static mp_obj_t flash_ioctl(mp_obj_t self_in, mp_obj_t command, mp_obj_t argument) {
    flash_t *self = MP_OBJ_TO_PTR(self_in);
    switch (mp_obj_get_int(command)) {
        case MP_BLOCKDEV_IOCTL_BLOCK_COUNT:
            return MP_OBJ_NEW_SMALL_INT(self->blocks);
        case MP_BLOCKDEV_IOCTL_BLOCK_SIZE:
            return MP_OBJ_NEW_SMALL_INT(PSRAM_BLOCK_BYTES);
        case MP_BLOCKDEV_IOCTL_BLOCK_ERASE:
            erase(self, mp_obj_get_int(argument));
            return MP_OBJ_NEW_SMALL_INT(0);
        case MP_BLOCKDEV_IOCTL_INIT:
        case MP_BLOCKDEV_IOCTL_DEINIT:
        case MP_BLOCKDEV_IOCTL_SYNC:
            return MP_OBJ_NEW_SMALL_INT(0);
        default:
            return mp_const_none;
    }
}
static MP_DEFINE_CONST_FUN_OBJ_3(flash_ioctl_obj, flash_ioctl);

// VfsRom reads in place, from the memory itself.
static mp_int_t flash_get_buffer(mp_obj_t self_in, mp_buffer_info_t *buffer, mp_uint_t flags) {
    flash_t *self = MP_OBJ_TO_PTR(self_in);
    buffer->buf = self->start;
    buffer->len = self->blocks * PSRAM_BLOCK_BYTES;
    buffer->typecode = 'B';
    return flags == MP_BUFFER_READ ? 0 : 1;
}

static const mp_rom_map_elem_t flash_locals_table[] = {
    {MP_ROM_QSTR(MP_QSTR_readblocks), MP_ROM_PTR(&flash_readblocks_obj)},
    {MP_ROM_QSTR(MP_QSTR_writeblocks), MP_ROM_PTR(&flash_writeblocks_obj)},
    {MP_ROM_QSTR(MP_QSTR_ioctl), MP_ROM_PTR(&flash_ioctl_obj)},
};
static MP_DEFINE_CONST_DICT(flash_locals, flash_locals_table);

static MP_DEFINE_CONST_OBJ_TYPE(
    flash_type, MP_QSTR_Flash, MP_TYPE_FLAG_NONE,
    make_new, flash_make_new,
    buffer, flash_get_buffer,
    locals_dict, &flash_locals
    );

static const mp_rom_map_elem_t mps2_globals_table[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_mps2)},
    {MP_ROM_QSTR(MP_QSTR_Flash), MP_ROM_PTR(&flash_type)},
};
static MP_DEFINE_CONST_DICT(mps2_globals, mps2_globals_table);

const mp_obj_module_t mps2_module = {
    .base = {&mp_type_module},
    .globals = (mp_obj_dict_t *)&mps2_globals,
};
MP_REGISTER_MODULE(MP_QSTR_mps2, mps2_module);

// https://docs.micropython.org/en/latest/library/vfs.html#vfs.rom_ioctl
mp_obj_t mp_vfs_rom_ioctl(size_t n_args, const mp_obj_t *args) {
    switch (mp_obj_get_int(args[0])) {
        case MP_VFS_ROM_IOCTL_GET_NUMBER_OF_SEGMENTS:
            return MP_OBJ_NEW_SMALL_INT(1);
        case MP_VFS_ROM_IOCTL_GET_SEGMENT:
            return MP_OBJ_FROM_PTR(&rom);
        default:
            return MP_OBJ_NEW_SMALL_INT(-MP_EINVAL);
    }
}
