#pragma once
// What behave says on a NOTIFY_SOCKET, and the sockets it was passed.

#include <string>

// Sends one message to the socket that NOTIFY_SOCKET names, or to `address`; false with errno.
bool notify(const std::string& message, const std::string& address = {});

// Appends a line: CLOCK_MONOTONIC in nanoseconds and our pid.
bool write_clock(const std::string& path);

// A child that says WATCHDOG=1 every so many seconds, until the file exists.
void keep_watchdog_quiet(double seconds, const std::string& until_file);

// How many sockets were passed to this very process (sd_listen_fds(3)), from descriptor 3 on.
int passed_sockets();
