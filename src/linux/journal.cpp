#include <reeve/linux/journal.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace reeve::linux {

bool is_journal_stream(int fd) noexcept {
  const char* const stream = std::getenv("JOURNAL_STREAM");
  struct stat here {};
  if (stream == nullptr || ::fstat(fd, &here) != 0) return false;
  char* end = nullptr;
  const std::uint64_t device = std::strtoull(stream, &end, 10);
  if (*end != ':') return false;
  const std::uint64_t inode = std::strtoull(end + 1, &end, 10);
  return *end == '\0' && device == here.st_dev && inode == here.st_ino;
}

void append_journal_field(std::string& entry, std::string_view name, std::string_view value) {
  entry += name;
  if (value.find('\n') == std::string_view::npos) {
    entry += '=';
  } else {
    entry += '\n';
    std::uint64_t size = value.size();
    for (int i = 0; i < 8; ++i, size >>= 8) entry += static_cast<char>(size & 0xff);
  }
  entry += value;
  entry += '\n';
}

Result<JournalSocket> JournalSocket::open(std::string path) {
  if (path.size() >= sizeof(sockaddr_un::sun_path)) return fail("cannot reach the journal at " + path, ENAMETOOLONG);
  UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return fail("cannot make a socket", errno);
  return JournalSocket(std::move(fd), std::move(path));
}

Result<void> JournalSocket::send(std::string_view entry) const {
  const auto sent = send(entry, -1);
  if (sent || (sent.error().code != EMSGSIZE && sent.error().code != ENOBUFS)) return sent;
  const UniqueFd file(::memfd_create("journal-entry", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file) return fail("cannot make a file for the journal", errno);
  REEVE_TRY_VOID(write_all(file.get(), entry));
  // The journal takes no file that could change under its eyes.
  constexpr int all = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
  if (::fcntl(file.get(), F_ADD_SEALS, all) != 0) return fail("cannot seal a file for the journal", errno);
  return send({}, file.get());
}

// Addressed each time: the journal may be started anew.
Result<void> JournalSocket::send(std::string_view bytes, int descriptor) const {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, path_.data(), path_.size());
  iovec what{const_cast<char*>(bytes.data()), bytes.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_name = &to;
  message.msg_namelen = sizeof to;
  message.msg_iov = &what;
  message.msg_iovlen = bytes.empty() ? 0 : 1;
  if (descriptor >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof descriptor);
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  }
  while (::sendmsg(fd_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    if (errno != EINTR) return fail("cannot write to the journal", errno);
  }
  return {};
}

}  // namespace reeve::linux
