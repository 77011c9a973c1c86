#pragma once
// Pipes that carry bytes from one socket to another without a copy (splice). A direction borrows one only while bytes
// are on their way; those at rest wait in the pool, a few of them.

#include <reeve/linux/fd.hpp>

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace reeve::proxy {

class PipePool {
 public:
  // A borrowed pipe, and how many bytes are in it. Goes back to its pool, which outlives it; one that is not empty is
  // closed.
  class Loan {
   public:
    Loan(PipePool& pool, linux::Pipe pipe) noexcept : pool_(&pool), pipe_(std::move(pipe)) {}
    Loan(Loan&&) noexcept = default;
    Loan& operator=(Loan&&) = delete;
    ~Loan() { pool_->take_back(*this); }

    // Moves what the socket has into the pipe as far as it fits, or what is in the pipe into the socket. How many bytes
    // that was; 0 at the end of the stream, and a negative errno. EPIPE comes with a signal: the thread blocks it.
    ssize_t fill(int socket) noexcept;
    ssize_t drain(int socket) noexcept;
    std::size_t size() const noexcept { return size_; }

   private:
    friend class PipePool;
    PipePool* pool_;
    linux::Pipe pipe_;
    std::size_t size_ = 0;
  };

  // Nothing where the kernel has no pipe for us, or where enough are out.
  std::optional<Loan> borrow();

 private:
  void take_back(Loan& loan) noexcept;

  std::vector<linux::Pipe> idle_;
  std::size_t out_ = 0;
};

}  // namespace reeve::proxy
