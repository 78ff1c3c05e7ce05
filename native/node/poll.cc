#include "node/poll.h"

#include <cerrno>
#include <utility>

#include "base/error.h"

namespace rp::node {

struct Poll::Handle {
  uv_poll_t poll{};
  napi_env env = nullptr;
  napi_async_cleanup_hook_handle hook = nullptr;
  bool stopped = false;
  std::function<void()> ready;
  int events = UV_READABLE;
  Poll* owner = nullptr;

  static void onReady(uv_poll_t* poll, int status, int) {
    auto* self = static_cast<Handle*>(poll->data);
    const Napi::Env env(self->env);
    const Napi::HandleScope scope(env);
    try {
      // A copy: `ready` may close this very Poll.
      const auto ready = self->ready;
      ready();
    } catch (const Napi::Error& error) {
      napi_fatal_exception(env, error.Value());
    } catch (const std::exception& error) {
      napi_fatal_exception(env, Napi::Error::New(env, error.what()).Value());
    }
    // libuv stops at POLLERR, which for a socket is no end: a full netlink socket says ENOBUFS that way. Reading in
    // `ready` took the error off it. The handle itself lives until its close callback.
    if (status < 0 && self->owner != nullptr && !self->stopped) uv_poll_start(&self->poll, self->events, onReady);
  }

  static void onClosed(uv_handle_t* handle) {
    auto* self = static_cast<Handle*>(handle->data);
    if (self->hook != nullptr) napi_remove_async_cleanup_hook(self->hook);
    delete self;
  }

  static void onCleanup(napi_async_cleanup_hook_handle, void* data) {
    auto* self = static_cast<Handle*>(data);
    if (self->owner != nullptr) self->owner->close();
  }
};

Poll::Poll(Napi::Env env, int fd, std::function<void()> ready, bool priority) {
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) throw SystemError(EINVAL, "napi_get_uv_event_loop");
  auto* handle = new Handle;
  handle->env = env;
  handle->ready = std::move(ready);
  if (priority) handle->events |= UV_PRIORITIZED;
  handle->poll.data = handle;
  if (const int error = uv_poll_init(loop, &handle->poll, fd); error < 0) {
    delete handle;
    throw SystemError(-error, "uv_poll_init");
  }
  handle_ = handle;
  handle->owner = this;
  if (napi_add_async_cleanup_hook(env, Handle::onCleanup, handle, &handle->hook) != napi_ok) {
    handle->hook = nullptr;
    close();
    throw SystemError(ENOMEM, "napi_add_async_cleanup_hook");
  }
  if (const int error = uv_poll_start(&handle->poll, handle->events, Handle::onReady); error < 0) {
    close();
    throw SystemError(-error, "uv_poll_start");
  }
}

void Poll::close() {
  if (handle_ == nullptr) return;
  Handle* handle = std::exchange(handle_, nullptr);
  handle->owner = nullptr;
  uv_poll_stop(&handle->poll);
  uv_close(reinterpret_cast<uv_handle_t*>(&handle->poll), Handle::onClosed);
}

void Poll::stop() {
  if (handle_ == nullptr) return;
  handle_->stopped = true;
  uv_poll_stop(&handle_->poll);
}

void Poll::start() {
  if (handle_ == nullptr) return;
  handle_->stopped = false;
  uv_poll_start(&handle_->poll, handle_->events, Handle::onReady);
}

void Poll::ref() {
  if (handle_ != nullptr) uv_ref(reinterpret_cast<uv_handle_t*>(&handle_->poll));
}

void Poll::unref() {
  if (handle_ != nullptr) uv_unref(reinterpret_cast<uv_handle_t*>(&handle_->poll));
}

}  // namespace rp::node
