// Objects of the same properties, many of them, made faster than property by property.
#pragma once
#include <napi.h>

#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace rp::node {

// A function of JavaScript per list of names, which makes an object of its arguments: V8 compiles it, and gives all of
// its objects one hidden class. Setting 45 properties one by one takes ten times as long. For one call of a binding,
// within its handle scope.
class RecordShapes {
 public:
  explicit RecordShapes(Napi::Env env) : env_(env), zero_(Napi::BigInt::New(env, uint64_t{0})) {}

  // The kernel's word for something, one string for all objects. Values made for the first record live as long as this
  // object does, so its caller opens no handle scope for it, and says when it is done.
  napi_value word(std::string_view text);
  bool isFirst() const { return first_; }
  void firstIsDone() { first_ = false; }

  // 0n: most limits and counters are.
  napi_value zero() const { return zero_; }

  // The names are literals of the program: equal ones are told by their addresses.
  Napi::Object make(std::span<const char* const> names, std::span<const napi_value> values);

 private:
  struct Shape {
    std::vector<const char*> names;
    Napi::FunctionReference make;
  };
  Shape& shapeOf(std::span<const char* const> names);

  Napi::Env env_;
  napi_value zero_;
  bool first_ = true;
  std::vector<std::pair<const char*, napi_value>> words_;
  std::vector<Shape> shapes_;
};

}  // namespace rp::node
