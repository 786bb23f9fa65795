# MPS2_AN385 with what a board has and that one lacks: clock, file system, ROMFS, select, asyncio, Ctrl-C.

include boards/MPS2_AN385/mpconfigboard.mk

CFLAGS += -DMP_CONFIGFILE='"boards/AWS_IOT/mpconfigboard.h"'
MICROPY_VFS_LFS2 = 1

SRC_C += \
	clock.c \
	flash.c \
	network.c \
	shared/timeutils/timeutils.c \

# newer compilers than MicroPython's release know of warn of more
CFLAGS_EXTRA += -Wno-error

LDFLAGS += -T boards/AWS_IOT/unwinding.ld
