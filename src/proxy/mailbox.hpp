#pragma once
// Messages from one thread to the loop of another.

#include <reeve/core/result.hpp>
#include <reeve/proxy/uv.hpp>

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

namespace reeve::proxy {

template <class Message>
class Mailbox {
 public:
  // The reader's loop; `wake` is called there when something has come. Both sides know each other longer than that:
  // nobody puts after close.
  Result<void> open(uv_loop_t& reader, void* owner, uv_async_cb wake) {
    UvHandle<uv_async_t> fresh(owner);
    if (const int error = uv_async_init(&reader, fresh.get(), wake); error != 0) {
      fresh.abandon();
      return fail("cannot make a mailbox", -error);
    }
    async_ = std::move(fresh);
    return {};
  }

  void close() { async_.reset(); }

  void put(Message message) {
    const std::lock_guard lock(mutex_);
    messages_.push_back(std::move(message));
    // under the lock: a reader told to stop may close the mailbox as soon as it has read this
    uv_async_send(async_.get());
  }

  // Unless one that waits unread says the same.
  template <class Same>
  void put_once(Message message, Same same) {
    const std::lock_guard lock(mutex_);
    if (std::ranges::any_of(messages_, same)) return;
    messages_.push_back(std::move(message));
    uv_async_send(async_.get());
  }

  std::vector<Message> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(messages_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<Message> messages_;
  UvHandle<uv_async_t> async_;
};

}  // namespace reeve::proxy
