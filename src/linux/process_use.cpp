#include <reeve/linux/process_use.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>
#include <reeve/linux/fd.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <string>
#include <string_view>

namespace reeve::linux {
namespace {

constexpr std::size_t processes_max = 65536;
constexpr int fields_wanted = 22;  // of /proc/PID/stat, after the name: state is the first, rss the last

// A file of /proc says all it has to say in one read, and a long list of children in several.
std::string read_proc(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  if (!fd) return text;
  std::array<char, 4096> piece;
  for (ssize_t got; (got = ::read(fd.get(), piece.data(), piece.size())) > 0;) {
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  return text;
}

template <class Visitor>
void for_each_number(std::string_view text, Visitor visit) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    std::int64_t number = 0;
    const auto [after, error] = std::from_chars(at, end, number);
    if (error == std::errc()) visit(number);
    at = error == std::errc() ? after : at + 1;
  }
}

void add_children(pid_t parent, std::vector<pid_t>& pids) {
  const std::string tasks = "/proc/" + std::to_string(parent) + "/task";
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(tasks.c_str()), ::closedir);
  if (!directory) return;
  while (const dirent* entry = ::readdir(directory.get())) {
    if (entry->d_name[0] == '.') continue;
    for_each_number(read_proc(tasks + '/' + entry->d_name + "/children"), [&](std::int64_t child) {
      if (pids.size() < processes_max) pids.push_back(static_cast<pid_t>(child));
    });
  }
}

void add_use(pid_t pid, TreeUse& use) {
  const std::string stat = read_proc("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos || name_end + 4 > stat.size()) return;
  std::array<std::int64_t, fields_wanted> fields{};
  int count = 1;  // the state is a letter
  for_each_number(std::string_view(stat).substr(name_end + 3), [&](std::int64_t each) {
    if (count < fields_wanted) fields[static_cast<std::size_t>(count++)] = each;
  });
  const std::int64_t ticks = fields[11] + fields[12] + fields[13] + fields[14];  // utime, stime, cutime, cstime
  use.cpu += std::chrono::duration_cast<Duration>(std::chrono::seconds(1)) * ticks / ::sysconf(_SC_CLK_TCK);
  use.resident_bytes += fields[21] * ::sysconf(_SC_PAGESIZE);
}

}  // namespace

TreeUse use_of_tree(pid_t root) {
  TreeUse use;
  add_children(root, use.pids);
  for (std::size_t i = 0; i < use.pids.size(); ++i) {
    add_children(use.pids[i], use.pids);
    add_use(use.pids[i], use);
  }
  const std::int64_t resident = use.resident_bytes;
  add_use(root, use);  // what it collected of the children that ended
  use.resident_bytes = resident;
  return use;
}

}  // namespace reeve::linux
