#pragma once
// Being the first process of a whole machine, not of a container: nobody else mounts, and an exit would be a panic.

#include <string>
#include <vector>

namespace reeve::linux {

// PID 1 of the initial pid namespace. Where there is no /proc to tell it by, one is mounted.
bool is_machine_init();

// Mounts what is missing of /proc, /sys, /dev, /dev/pts, /dev/shm, /run and cgroup v2, opens the console as standard
// input and output where they are closed, brings the loopback interface up, names the host as /etc/hostname says, and
// asks for SIGINT at ctrl-alt-del. Returns what could not be had.
std::vector<std::string> prepare_machine();

enum class MachineEnd { power_off, reboot, halt };

// What a signal to stop asks for, in systemd's meaning (systemd(1), SIGNALS).
MachineEnd machine_end_of(int signal_number) noexcept;

// Kills what still runs, writes everything to its disk, unmounts what can be unmounted, and ends the machine.
[[noreturn]] void end_machine(MachineEnd end) noexcept;

}  // namespace reeve::linux
