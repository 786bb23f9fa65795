// What lies in the MPS2's 16 MB of PSRAM, which qemu keeps in a file: it survives the end of qemu as flash survives a
// power cut. tests/qemu/machine.py knows the same addresses.

#include <stdint.h>

#define PSRAM (0x21000000)

// The file system: 512 blocks of 4 KB, as on an ESP32 with 4 MB of flash.
#define PSRAM_BLOCK_BYTES (4096)
#define PSRAM_BLOCKS (512)
#define PSRAM_FLASH ((uint8_t *)PSRAM)

// The partition of `mpremote romfs deploy`.
#define PSRAM_ROM_BLOCKS (512)
#define PSRAM_ROM ((uint8_t *)(PSRAM + 0x400000))

// What the host tells the board before it switches it on, and what the board counts for it.
typedef struct {
    uint32_t heap_bytes; // 0: PSRAM_HEAP_BYTES
    uint32_t cut;        // the number of the flash access at which the power fails, half of it done; 0: never
    uint32_t accesses;   // to the file system's blocks that change them, since the start
} psram_orders_t;

#define PSRAM_ORDERS ((volatile psram_orders_t *)(PSRAM + 0x800000))

#define PSRAM_HEAP_BYTES (112 * 1024) // an ESP32's, grown once
#define PSRAM_HEAP_MAX_BYTES (1024 * 1024)
