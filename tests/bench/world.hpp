#pragma once
// What the benchmark needs of the machine: processes it starts, what the kernel says of them, and a little statistics.

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace reeve::bench {

using Nanos = std::int64_t;

Nanos now();  // CLOCK_MONOTONIC, as behave --clock writes it

[[noreturn]] void give_up(const std::string& what);

// Waits for at most a minute, looking each millisecond.
void wait_until(const std::string& what, const std::function<bool()>& condition);

// A directory outside /tmp, which pods do not see, with the program to start and the file in which it tells the time.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::string program() const { return path_ + "/behave"; }
  std::string clock() const { return path_ + "/clock"; }
  std::string write(const std::string& name, const std::string& text) const;
  // One line for each program that started.
  struct Started {
    Nanos at;
    pid_t pid;
  };
  std::vector<Started> started() const;
  void forget_started() const;

 private:
  std::string path_;
};

// A child that is killed and collected with the object.
class Child {
 public:
  // Runs the program, output to /dev/null; began() is from just before the fork.
  explicit Child(std::vector<std::string> argv);
  // Runs the function in a fork, which ends with it.
  explicit Child(const std::function<void()>& body);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  Nanos began() const { return began_; }
  void stop();  // TERM, then waits for the end

 private:
  Nanos began_ = 0;
  pid_t pid_ = -1;
};

std::vector<pid_t> children_of(pid_t parent);
std::int64_t pss_kib(pid_t pid);

// Of all threads of a process.
struct Usage {
  std::int64_t cpu_ns = 0;
  std::int64_t switches = 0;
};
Usage usage_of(pid_t pid);

double median(std::vector<double> values);
double percentile(std::vector<double> values, double part);

}  // namespace reeve::bench
