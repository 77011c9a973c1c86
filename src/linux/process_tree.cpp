#include "linux/process_tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

namespace reeve::linux {
namespace {

// "/proc/12/task/12/children", put together without the C library's formatting, which may take locks.
class ProcPath {
 public:
  ProcPath() noexcept { text("/proc"); }
  ProcPath& text(const char* part) noexcept {
    while (*part != '\0' && length_ + 1 < sizeof path_) path_[length_++] = *part++;
    path_[length_] = '\0';
    return *this;
  }
  ProcPath& number(pid_t pid) noexcept {
    char digits[12];
    std::size_t at = sizeof digits;
    digits[--at] = '\0';
    do {
      digits[--at] = static_cast<char>('0' + pid % 10);
      pid /= 10;
    } while (pid > 0);
    return text("/").text(digits + at);
  }
  int open(int flags) const noexcept { return ::open(path_, flags | O_RDONLY | O_CLOEXEC); }

 private:
  char path_[64];
  std::size_t length_ = 0;
};

// The number a name is, or 0.
pid_t number_of(const char* name) noexcept {
  pid_t number = 0;
  for (; *name >= '0' && *name <= '9'; ++name) number = number * 10 + (*name - '0');
  return *name == '\0' ? number : 0;
}

// Calls visit with every entry of an open directory that is a number; false when visit says so or on an error.
template <class Visit>
bool for_each_number(int directory, Visit visit) noexcept {
  alignas(dirent64) char entries[4096];
  for (;;) {
    const long got = ::syscall(SYS_getdents64, directory, entries, sizeof entries);
    if (got <= 0) return got == 0 || errno == ENOENT;  // ENOENT: that process is gone
    for (long at = 0; at < got;) {
      dirent64 entry;
      std::memcpy(&entry, entries + at, offsetof(dirent64, d_name));
      const pid_t number = number_of(entries + at + offsetof(dirent64, d_name));
      if (number > 0 && !visit(number)) return false;
      at += entry.d_reclen;
    }
  }
}

// Adds the pids of a "children" file: "12 34 ".
bool add_listed(PidList& tree, int file) noexcept {
  char chunk[4096];
  pid_t number = 0;
  for (;;) {
    const ssize_t got = ::read(file, chunk, sizeof chunk);
    if (got <= 0) return true;  // an error says that the process went away
    for (ssize_t at = 0; at < got; ++at) {
      if (chunk[at] >= '0' && chunk[at] <= '9') {
        number = number * 10 + (chunk[at] - '0');
      } else if (number > 0) {
        if (!tree.push(number)) return false;
        number = 0;
      }
    }
  }
}

// Adds the children of one process: every thread lists its own.
bool add_children(PidList& tree, pid_t parent) noexcept {
  const int threads = ProcPath().number(parent).text("/task").open(O_DIRECTORY);
  if (threads < 0) return errno == ENOENT || errno == ESRCH;
  const bool added = for_each_number(threads, [&](pid_t thread) noexcept {
    const int file = ProcPath().number(parent).text("/task").number(thread).text("/children").open(0);
    if (file < 0) return errno == ENOENT || errno == ESRCH;
    const bool listed = add_listed(tree, file);
    ::close(file);
    return listed;
  });
  ::close(threads);
  return added;
}

bool list_by_children(PidList& tree) noexcept {
  for (std::size_t next = 0; next < tree.size(); ++next) {
    if (!add_children(tree, tree[next])) return false;
  }
  return true;
}

bool list_by_stat(PidList& tree) noexcept {
  PidList pids;
  PidList parents;
  const int directory = ProcPath().open(O_DIRECTORY);
  if (directory < 0) return false;
  const bool read =
      for_each_number(directory, [&](pid_t pid) noexcept { return pids.push(pid) && parents.push(parent_of(pid)); });
  ::close(directory);
  if (!read) return false;
  for (std::size_t next = 0; next < tree.size(); ++next) {
    for (std::size_t index = 0; index < pids.size(); ++index) {
      if (parents[index] == tree[next] && !tree.push(pids[index])) return false;
    }
  }
  return true;
}

ListedBy best_listing() noexcept {
  const int file = ProcPath().number(::getpid()).text("/task").number(::getpid()).text("/children").open(0);
  if (file < 0) return ListedBy::stat_files;
  ::close(file);
  return ListedBy::children_files;
}

void signal_listed(const PidList& tree, int signal_number) noexcept {
  for (std::size_t index = 1; index < tree.size(); ++index) ::kill(tree[index], signal_number);
}

// What is stopped cannot fork: once two looks in a row find the same number, nothing was missed. The bound is for
// processes that we may not signal.
bool stop_descendants(PidList& tree, ListedBy listed_by) noexcept {
  constexpr int looks_max = 64;
  std::size_t found_before = 0;
  for (int look = 0; look < looks_max; ++look) {
    if (!list_tree(tree, ::getpid(), listed_by)) return false;
    if (tree.size() == found_before) return true;
    found_before = tree.size();
    signal_listed(tree, SIGSTOP);
  }
  return true;
}

}  // namespace

PidList::~PidList() {
  if (pids_ != nullptr) ::munmap(pids_, capacity_ * sizeof(pid_t));
}

bool PidList::push(pid_t pid) noexcept {
  if (size_ == capacity_) {
    const std::size_t wanted = capacity_ == 0 ? 1024 : capacity_ * 2;
    void* memory = capacity_ == 0 ? ::mmap(nullptr, wanted * sizeof(pid_t), PROT_READ | PROT_WRITE,
                                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                                  : ::mremap(pids_, capacity_ * sizeof(pid_t), wanted * sizeof(pid_t), MREMAP_MAYMOVE);
    if (memory == MAP_FAILED) return false;
    pids_ = static_cast<pid_t*>(memory);
    capacity_ = wanted;
  }
  pids_[size_++] = pid;
  return true;
}

bool list_tree(PidList& tree, pid_t root, ListedBy listed_by) noexcept {
  tree.clear();
  if (!tree.push(root)) return false;
  return listed_by == ListedBy::children_files ? list_by_children(tree) : list_by_stat(tree);
}

// The parent in "12 (a name) S 1 ...", or 0. The name may hold anything, so what counts comes after its last ')'.
pid_t parent_of(pid_t pid) noexcept {
  const int file = ProcPath().number(pid).text("/stat").open(0);
  if (file < 0) return 0;
  char text[512];
  const ssize_t got = ::read(file, text, sizeof text - 1);
  ::close(file);
  if (got <= 0) return 0;
  text[got] = '\0';
  const char* at = std::strrchr(text, ')');
  if (at == nullptr || std::strlen(at) < 5) return 0;
  pid_t parent = 0;
  for (at += 4; *at >= '0' && *at <= '9'; ++at) parent = parent * 10 + (*at - '0');
  return parent;
}

bool proc_is_ours() noexcept {
  char self[16] = {};
  return ::readlink("/proc/self", self, sizeof self - 1) > 0 && number_of(self) == ::getpid();
}

bool signal_descendants(int signal_number) noexcept {
  PidList tree;
  if (!proc_is_ours() || !list_tree(tree, ::getpid(), best_listing())) return false;
  signal_listed(tree, signal_number);
  return true;
}

bool kill_descendants() noexcept {
  if (!proc_is_ours()) return false;
  PidList tree;
  const bool looked = stop_descendants(tree, best_listing());
  signal_listed(tree, SIGKILL);  // whatever was found, even when the last look failed
  return looked;
}

}  // namespace reeve::linux
