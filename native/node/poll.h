// Watches a file descriptor on the event loop of the environment that made it.
#pragma once
#include <napi.h>
#include <uv.h>

#include <functional>

namespace rp::node {

// `ready` runs on the JavaScript thread inside a handle scope; what it throws becomes an uncaught exception. The
// descriptor must outlive the Poll. Closes itself when the environment goes (a worker that ends). `priority`: POLLPRI
// too, which is how a socket with SO_SELECT_ERR_QUEUE says that its error queue is not empty.
class Poll {
 public:
  Poll(Napi::Env env, int fd, std::function<void()> ready, bool priority = false);
  ~Poll() { close(); }
  Poll(const Poll&) = delete;
  Poll& operator=(const Poll&) = delete;

  void close();  // idempotent; `ready` runs no more
  // `ready` does not run until start(); in between the descriptor may stay readable at no cost.
  void stop();
  void start();
  void ref();
  void unref();

 private:
  struct Handle;  // freed by uv_close, which may come after this object
  Handle* handle_ = nullptr;
};

}  // namespace rp::node
