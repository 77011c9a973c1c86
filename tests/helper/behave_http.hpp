#pragma once
// The HTTP server in behave: which behaviour a client meets is chosen by the path it asks for.

#include <string>

struct HttpBehaviour {
  std::string unready_file;  // /health answers 503 while this file exists
  std::string log_header;    // the value of this header is printed for each request to /health
  double flap_seconds = 0;   // /health answers 200 and 503 in turns of this length
  std::string greeting = "hello";
  std::string clock_once_listening;  // where the time is told right before
  std::string once_listening;        // what is then said to NOTIFY_SOCKET
  std::string executed_file;         // what /execute/ID did, a line each, before it answers
};

// Serves until the process ends. `help` of behave lists the paths.
[[noreturn]] void serve_http(int port, const HttpBehaviour& behaviour);

// The same on listening sockets that are there.
[[noreturn]] void serve_http_on(int first_fd, int count, const HttpBehaviour& behaviour);

inline constexpr const char* http_paths_help =
    "  /health              200, or 503 (--unready-file, --flap)\n"
    "  /be-unready          /health answers 503 from now on; /be-ready undoes it\n"
    "  /status/N            that status\n"
    "  /body/N              200 and N bytes\n"
    "  /slow/MS             200 after MS milliseconds\n"
    "  /execute/ID[/MS]     200 after MS milliseconds, and ID once in the file of --executed\n"
    "  /pid                 200 and the process id\n"
    "  /headers             200 and the request as it came\n"
    "  /redirect/LOCATION   302 there\n"
    "  /garbage             bytes that are not HTTP\n"
    "  /endless-header      a header that never ends\n"
    "  /stall               headers that promise a body, then nothing\n"
    "  /hang                nothing at all\n"
    "  /close               an orderly end without an answer\n"
    "  /reset               a reset without an answer\n"
    "  anything else        200 and the greeting\n";
