// The whole test framework: CHECK prints what failed and where, and `return checkFailures()` ends main.
#pragma once
#include <cstdio>
#include <cstring>

namespace rp::test {

inline int& failures() {
  static int count = 0;
  return count;
}
inline bool check(bool ok, const char* what, const char* file, int line) {
  if (!ok) {
    // A broken loop must not print for ever.
    if (++failures() <= 20) std::fprintf(stderr, "%s:%d: CHECK(%s) failed\n", file, line, what);
  }
  return ok;
}
inline bool checkBytes(const void* a, const void* b, size_t bytes, const char* what, const char* file, int line) {
  if (bytes == 0 || std::memcmp(a, b, bytes) == 0) return true;
  size_t at = 0;
  while (static_cast<const unsigned char*>(a)[at] == static_cast<const unsigned char*>(b)[at]) at++;
  if (++failures() <= 20) std::fprintf(stderr, "%s:%d: %s differ at byte %zu of %zu\n", file, line, what, at, bytes);
  return false;
}
inline int checkFailures() {
  if (failures() > 0) std::fprintf(stderr, "%d checks failed\n", failures());
  return failures() == 0 ? 0 : 1;
}

}  // namespace rp::test

#define CHECK(condition) ::rp::test::check(static_cast<bool>(condition), #condition, __FILE__, __LINE__)
#define CHECK_BYTES(a, b, bytes) ::rp::test::checkBytes(a, b, bytes, #a " and " #b, __FILE__, __LINE__)
// The statement must throw `type`, and its text must contain `text`.
#define CHECK_THROWS(statement, type, text)                                                              \
  do {                                                                                                   \
    bool thrown = false;                                                                                 \
    try {                                                                                                \
      statement;                                                                                         \
    } catch (const type& e) {                                                                            \
      thrown = std::strstr(e.what(), text) != nullptr;                                                   \
      if (!thrown) std::fprintf(stderr, "%s:%d: the error says \"%s\"\n", __FILE__, __LINE__, e.what()); \
    }                                                                                                    \
    CHECK(thrown&& #statement " throws " #type);                                                         \
  } while (0)
