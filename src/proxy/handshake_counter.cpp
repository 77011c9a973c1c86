#include "proxy/handshake_counter.hpp"

#include <reeve/linux/socket.hpp>

#include <system_error>
#include <utility>

namespace reeve::proxy {
namespace {

void count(HandshakeQuestion& question) {
  question.embryonic = linux::count_embryonic(question.place.address, question.place.network.get());
}

}  // namespace

Result<void> HandshakeCounter::open(uv_loop_t& loop) {
  return answers_.open(loop, this, [](uv_async_t* handle) {
    if (auto* self = static_cast<HandshakeCounter*>(handle->data)) self->on_answers();
  });
}

HandshakeCounter::Question HandshakeCounter::ask(const Place& place,
                                                 std::function<void(const Result<std::size_t>&)> answered) {
  auto question = std::make_shared<HandshakeQuestion>(HandshakeQuestion{place, std::move(answered)});
  if (!ensure_thread()) {
    count(*question);
    answers_.put(question);
    return question;
  }
  const std::lock_guard lock(mutex_);
  questions_.push_back(question);
  something_to_do_.notify_one();
  return question;
}

bool HandshakeCounter::ensure_thread() {
  if (thread_.joinable()) return true;
  // the standard library tells of a refused thread by throwing, and only so
  try {
    thread_ = std::thread([this] { work(); });
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

void HandshakeCounter::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    something_to_do_.wait(lock, [this] { return closing_ || !questions_.empty(); });
    if (closing_) return;
    Question question = std::move(questions_.front());
    questions_.pop_front();
    lock.unlock();
    count(*question);
    answers_.put(std::move(question));
    lock.lock();
  }
}

void HandshakeCounter::on_answers() {
  for (const Question& question : answers_.take()) {
    if (const auto answered = std::exchange(question->answered, nullptr)) answered(question->embryonic);
  }
}

void HandshakeCounter::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    something_to_do_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
  questions_.clear();
  static_cast<void>(answers_.take());
  answers_.close();
}

}  // namespace reeve::proxy
