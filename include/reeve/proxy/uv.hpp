#pragma once
// libuv handles with an owner. A handle outlives its owner until libuv has closed it, and a late callback finds nobody.

#include <uv.h>

#include <type_traits>
#include <utility>

namespace reeve::proxy {

// Owns one handle on the heap. `data` points at whoever answers its callbacks and is cleared when the owner goes.
template <class Handle>
class UvHandle {
 public:
  UvHandle() noexcept = default;
  explicit UvHandle(void* owner) : handle_(new Handle) { handle_->data = owner; }
  UvHandle(UvHandle&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  UvHandle& operator=(UvHandle&& other) noexcept {
    if (this != &other) {
      reset();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  UvHandle(const UvHandle&) = delete;
  UvHandle& operator=(const UvHandle&) = delete;
  ~UvHandle() { reset(); }

  Handle* get() const noexcept { return handle_; }
  explicit operator bool() const noexcept { return handle_ != nullptr; }

  // To be called only after the uv_*_init that gave the handle to a loop; one that failed to start is abandoned.
  void reset() noexcept {
    Handle* const handle = std::exchange(handle_, nullptr);
    if (handle == nullptr) return;
    handle->data = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(handle),
             [](uv_handle_t* closed) { delete reinterpret_cast<Handle*>(closed); });
  }

  // For a handle whose uv_*_init failed: libuv never knew it.
  void abandon() noexcept { delete std::exchange(handle_, nullptr); }

 private:
  Handle* handle_ = nullptr;
};

}  // namespace reeve::proxy
