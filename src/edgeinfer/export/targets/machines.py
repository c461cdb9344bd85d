"""The targets: how to compile for each, which emulated machine runs it, where its memory lies."""

from __future__ import annotations

from dataclasses import dataclass

from edgeinfer.errors import InvalidParameterError


@dataclass(frozen=True)
class Region:
    """A piece of a machine's memory."""

    origin: int
    length: int


@dataclass(frozen=True)
class Machine:
    """A target. `tick_hz`: what the instruction counter advances per second of emulated time,
    in which 10^9 instructions run; 0 where the processor counts its instructions itself.
    """

    name: str
    title: str
    prefix: str
    flags: tuple[str, ...]
    emulator: str
    machine: str
    platform: str
    tick_hz: int
    code: Region
    rows: Region
    ram: Region
    stack: Region

    @property
    def is_host(self) -> bool:
        """Whether it runs here without an emulator."""
        return not self.emulator


_MB, _KB = 1 << 20, 1 << 10
_MPS2 = {
    "code": Region(0, 2 * _MB),
    "rows": Region(0x0020_0000, 2 * _MB),
    "ram": Region(0x2000_0000, 3 * _MB),
    "stack": Region(0x2030_0000, 64 * _KB),
}


def _cortex(cpu: str, fpu: str, machine: str, hz: int, memory: dict[str, Region]) -> Machine:
    floats = (f"-mfpu={fpu}", "-mfloat-abi=hard") if fpu else ("-mfloat-abi=soft",)
    if fpu == "auto":
        floats = ("-mfloat-abi=hard",)
    return Machine(
        cpu,
        f"{cpu}, {'no FPU' if not fpu else 'hard float'}, emulated {machine}",
        "arm-none-eabi-",
        ("-mthumb", f"-mcpu={cpu}", *floats, "--specs=nano.specs", "--specs=nosys.specs"),
        "qemu-system-arm",
        machine,
        "arm_m",
        hz,
        **memory,
    )


MACHINES = {
    m.name: m
    for m in (
        # The v6-M code runs on a v7-M machine, which is a superset: the count is the same.
        _cortex("cortex-m0", "", "mps2-an385", 25_000_000, _MPS2),
        _cortex("cortex-m3", "", "mps2-an385", 25_000_000, _MPS2),
        _cortex("cortex-m4", "fpv4-sp-d16", "mps2-an386", 25_000_000, _MPS2),
        _cortex("cortex-m7", "fpv5-d16", "mps2-an500", 25_000_000, _MPS2),
        _cortex(
            "cortex-m33",
            "fpv5-sp-d16",
            "mps2-an505",
            20_000_000,
            {
                "code": Region(0x1000_0000, 2 * _MB),
                "rows": Region(0x1020_0000, 2 * _MB),
                "ram": Region(0x3800_0000, _MB),
                "stack": Region(0x3810_0000, 64 * _KB),
            },
        ),
        _cortex(
            "cortex-m55",
            "auto",
            "mps3-an547",
            32_000_000,
            {
                "code": Region(0, 512 * _KB),
                "rows": Region(0x0100_0000, _MB),
                "ram": Region(0x2100_0000, 3 * _MB),
                "stack": Region(0x2000_0000, 64 * _KB),
            },
        ),
        Machine(
            "riscv32",
            "RV32IMAC, no FPU, emulated virt",
            "riscv64-unknown-elf-",
            ("-march=rv32imac", "-mabi=ilp32"),
            "qemu-system-riscv32",
            "virt",
            "riscv",
            0,
            code=Region(0x8000_0000, 2 * _MB),
            rows=Region(0x8020_0000, 2 * _MB),
            ram=Region(0x8040_0000, 3 * _MB),
            stack=Region(0x8070_0000, 64 * _KB),
        ),
        Machine(
            "host",
            "this machine, without emulation",
            "",
            (),
            "",
            "",
            "host",
            0,
            code=Region(0, 0),
            rows=Region(0, 1 << 30),
            ram=Region(0, 0),
            stack=Region(0, 0),
        ),
    )
}
"""Every target by name."""

ALIASES = {name.removeprefix("cortex-"): name for name in MACHINES if name.startswith("cortex-")}


def find_machine(name: str) -> Machine:
    """The target `name`; ``m4`` is short for ``cortex-m4``. InvalidParameterError if unknown."""
    key = ALIASES.get(name, name)
    if key not in MACHINES:
        raise InvalidParameterError(f"unknown target {name!r}; there are: {', '.join(MACHINES)}")
    return MACHINES[key]


def linker_script(machine: Machine) -> str:
    """A linker script; test rows and the stack lie apart, so that neither counts as the model's."""
    regions = {"CODE": machine.code, "ROWS": machine.rows, "RAM": machine.ram}
    regions["STACK"] = machine.stack
    memory = "\n".join(
        f"  {name} (rwx) : ORIGIN = {region.origin:#010x}, LENGTH = {region.length}"
        for name, region in regions.items()
    )
    return f"""ENTRY(platform_entry)
MEMORY {{
{memory}
}}
SECTIONS {{
  .text : {{ KEEP(*(.platform_entry)) *(.text*) KEEP(*(.init)) KEEP(*(.fini)) }} > CODE
  .rodata : {{ *(.rodata*) *(.srodata*) . = ALIGN(8); }} > CODE
  .ARM.extab : {{ *(.ARM.extab*) }} > CODE
  .ARM.exidx : {{ *(.ARM.exidx*) }} > CODE
  .rows : {{ *(.edgeinfer_rows) }} > ROWS
  .data : {{
    . = ALIGN(8); platform_data_start = .;
    *(.data*) *(.sdata*) . = ALIGN(8); platform_data_end = .;
  }} > RAM AT > CODE
  platform_data_load = LOADADDR(.data);
  .bss (NOLOAD) : {{
    . = ALIGN(8); platform_bss_start = .;
    *(.bss*) *(.sbss*) *(COMMON) . = ALIGN(8); platform_bss_end = .;
  }} > RAM
  end = platform_bss_end;
  platform_stack_limit = ORIGIN(STACK);
  platform_stack_top = ORIGIN(STACK) + LENGTH(STACK);
}}
"""
