#include "world.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace reeve::bench {
namespace {

namespace fs = std::filesystem;

constexpr Nanos millisecond = 1'000'000;

std::string text_of(const fs::path& path) {
  std::ifstream stream(path);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// The number after a word: "Pss:   123 kB".
std::int64_t number_after(const std::string& text, const std::string& word) {
  const std::size_t at = text.find(word);
  return at == std::string::npos ? 0 : std::atoll(text.c_str() + at + word.size());
}

}  // namespace

Nanos now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000L + time.tv_nsec;
}

void give_up(const std::string& what) {
  std::fprintf(stderr, "bench: cannot %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

void wait_until(const std::string& what, const std::function<bool()>& condition) {
  const Nanos end = now() + 60'000 * millisecond;
  while (!condition()) {
    if (now() > end) {
      errno = ETIMEDOUT;
      give_up("wait until " + what);
    }
    ::usleep(1000);
  }
}

Scratch::Scratch() {
  char path[] = "/var/tmp/reeve-bench-XXXXXX";
  if (::mkdtemp(path) == nullptr) give_up("make a directory in /var/tmp");
  path_ = path;
  const char* given = std::getenv("REEVE_BEHAVE");
  fs::copy_file(given != nullptr ? given : REEVE_BEHAVE_PATH, program());
}

Scratch::~Scratch() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string Scratch::write(const std::string& name, const std::string& text) const {
  std::ofstream(path_ + "/" + name) << text;
  return path_ + "/" + name;
}

std::vector<Scratch::Started> Scratch::started() const {
  std::vector<Started> all;
  std::istringstream lines(text_of(clock()));
  for (Started each{}; lines >> each.at >> each.pid;) all.push_back(each);
  return all;
}

void Scratch::forget_started() const { ::unlink(clock().c_str()); }

Child::Child(std::vector<std::string> argv)
    : Child([&] {
        std::vector<char*> words;
        for (std::string& each : argv) words.push_back(each.data());
        words.push_back(nullptr);
        ::execv(words[0], words.data());
        ::_exit(127);
      }) {}

Child::Child(const std::function<void()>& body) : began_(now()), pid_(::fork()) {
  if (pid_ < 0) give_up("fork");
  if (pid_ > 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int null = ::open("/dev/null", O_RDWR);
  ::dup2(null, 1);
  body();
  ::_exit(0);
}

Child::~Child() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Child::stop() {
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

std::vector<pid_t> children_of(pid_t parent) {
  const std::string task = "/proc/" + std::to_string(parent) + "/task/";
  std::istringstream list(text_of(task + std::to_string(parent) + "/children"));
  return {std::istream_iterator<pid_t>(list), {}};
}

std::int64_t pss_kib(pid_t pid) {
  return number_after(text_of("/proc/" + std::to_string(pid) + "/smaps_rollup"), "\nPss:");
}

Usage usage_of(pid_t pid) {
  Usage usage;
  std::error_code ignored;
  for (const auto& thread : fs::directory_iterator("/proc/" + std::to_string(pid) + "/task", ignored)) {
    usage.cpu_ns += std::atoll(text_of(thread.path() / "schedstat").c_str());
    const std::string status = text_of(thread.path() / "status");
    usage.switches += number_after(status, "\nvoluntary_ctxt_switches:");
  }
  return usage;
}

double median(std::vector<double> values) { return percentile(std::move(values), 0.5); }

double percentile(std::vector<double> values, double part) {
  if (values.empty()) return std::nan("");
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1) + 0.5)];
}

}  // namespace reeve::bench
