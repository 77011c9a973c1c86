#include <reeve/proxy/pipe_pool.hpp>

#include <fcntl.h>

#include <cerrno>
#include <utility>

namespace reeve::proxy {
namespace {

// What any user may have (fs.pipe-max-size).
constexpr int pipe_bytes = 1 << 20;

constexpr std::size_t idle_max = 4;

// Peers that read slowly leave bytes in as many pipes; beyond that, bytes are copied.
constexpr std::size_t out_max = 32;

}  // namespace

std::optional<PipePool::Loan> PipePool::borrow() {
  if (out_ == out_max) return std::nullopt;
  linux::Pipe pipe;
  if (idle_.empty()) {
    Result<linux::Pipe> made = linux::make_pipe(linux::Blocking::no);
    if (!made) return std::nullopt;
    pipe = *std::move(made);
    // refused to a user who has many pipes: then it stays as it is
    static_cast<void>(::fcntl(pipe.write_end.get(), F_SETPIPE_SZ, pipe_bytes));
  } else {
    pipe = std::move(idle_.back());
    idle_.pop_back();
  }
  ++out_;
  return Loan(*this, std::move(pipe));
}

void PipePool::take_back(Loan& loan) noexcept {
  if (!loan.pipe_.read_end) return;  // moved from
  --out_;
  if (loan.size_ == 0 && idle_.size() < idle_max) idle_.push_back(std::move(loan.pipe_));
}

ssize_t PipePool::Loan::fill(int socket) noexcept {
  const ssize_t moved =
      ::splice(socket, nullptr, pipe_.write_end.get(), nullptr, pipe_bytes, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
  if (moved < 0) return -errno;
  size_ += static_cast<std::size_t>(moved);
  return moved;
}

ssize_t PipePool::Loan::drain(int socket) noexcept {
  const ssize_t moved =
      ::splice(pipe_.read_end.get(), nullptr, socket, nullptr, size_, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
  if (moved < 0) return -errno;
  size_ -= static_cast<std::size_t>(moved);
  return moved;
}

}  // namespace reeve::proxy
