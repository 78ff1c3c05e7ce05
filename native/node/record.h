// Plain JavaScript objects from and to C++ records that list their fields:
//   template <class Self, class V> static void fields(Self& self, V&& v) { v("name", self.name); ... }
#pragma once
#include <napi.h>

#include <array>
#include <cmath>
#include <concepts>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/prefix.h"
#include "base/wipe.h"
#include "node/record_shapes.h"

namespace rp::node {

// Writes a record as an object. Numbers and flags are always there; empty strings and absent optionals are left out.
class RecordWriter {
 public:
  explicit RecordWriter(Napi::Env env, RecordShapes* shapes = nullptr) : env_(env), shapes_(shapes) {}
  Napi::Object object() {
    if (shapes_ != nullptr) return shapes_->make({names_.data(), count_}, {values_.data(), count_});
    auto object = Napi::Object::New(env_);
    for (size_t i = 0; i < count_; ++i) object.Set(names_[i], values_[i]);
    return object;
  }

  template <std::integral T>
  void operator()(const char* name, const T& value) {
    if constexpr (std::same_as<T, bool>) {
      set(name, Napi::Boolean::New(env_, value));
    } else if constexpr (sizeof(T) == 8) {
      set(name, value == 0 && shapes_ != nullptr ? shapes_->zero() : Napi::BigInt::New(env_, value));
    } else {
      set(name, Napi::Number::New(env_, value));
    }
  }
  void operator()(const char* name, const std::string& value) {
    if (!value.empty()) set(name, Napi::String::New(env_, value));
  }
  void operator()(const char* name, const Address& value) { (*this)(name, value.toString()); }
  void operator()(const char* name, const Prefix& value) { (*this)(name, value.toString()); }
  // A copy that JavaScript owns and may have to wipe.
  void operator()(const char* name, const SecretBytes& value) {
    if (value.empty()) return;
    auto copy = Napi::Uint8Array::New(env_, value.size());
    std::memcpy(copy.Data(), value.data(), value.size());
    set(name, copy);
  }
  template <class T>
  void operator()(const char* name, const std::optional<T>& value) {
    if (value) (*this)(name, *value);
  }
  template <class T, class Names>
  void named(const char* name, const T& value, const Names& names) {
    for (const auto& n : names) {
      if (n.value != static_cast<uint32_t>(value)) continue;
      return set(name,
                 shapes_ != nullptr ? shapes_->word(n.name) : Napi::String::New(env_, n.name.data(), n.name.size()));
    }
    (*this)(name, std::to_string(value));
  }
  template <class T, class Names>
  void named(const char* name, const std::optional<T>& value, const Names& names) {
    if (value) named(name, *value, names);
  }
  template <class T>
  void flag(const char* name, const T& flags, uint32_t bit) {
    (*this)(name, (flags & bit) != 0);
  }
  template <class T>
  void record(const char* name, const std::optional<T>& value) {
    if (value) set(name, write(env_, *value, shapes_));
  }
  template <class T>
  void record(const char* name, const T& value) {
    set(name, write(env_, value, shapes_));
  }
  template <class T>
  void list(const char* name, const std::vector<T>& values) {
    if (!values.empty()) set(name, writeEach(env_, values, shapes_));
  }

  template <class T>
  static Napi::Object write(Napi::Env env, const T& value, RecordShapes* shapes = nullptr) {
    RecordWriter writer(env, shapes);
    T::fields(value, writer);
    return writer.object();
  }
  template <class T>
  static Napi::Array writeAll(Napi::Env env, const std::vector<T>& values) {
    // Below that, making the functions takes longer than they save.
    constexpr size_t kFew = 64;
    if (values.size() < kFew) return writeEach(env, values, nullptr);
    RecordShapes shapes(env);
    auto array = Napi::Array::New(env, values.size());
    for (uint32_t i = 0; i < values.size(); ++i) {
      std::optional<Napi::HandleScope> scope;
      if (i > 0) scope.emplace(env);
      array[i] = write(env, values[i], &shapes);
      shapes.firstIsDone();
    }
    return array;
  }

 private:
  template <class T>
  static Napi::Array writeEach(Napi::Env env, const std::vector<T>& values, RecordShapes* shapes) {
    auto array = Napi::Array::New(env, values.size());
    for (uint32_t i = 0; i < values.size(); ++i) {
      std::optional<Napi::HandleScope> scope;
      if (shapes == nullptr || !shapes->isFirst()) scope.emplace(env);
      array[i] = write(env, values[i], shapes);
    }
    return array;
  }
  void set(const char* name, napi_value value) {
    if (count_ == kMaximumFields) throw ArgumentError(std::string(name) + ": one field too many for a record");
    names_[count_] = name;
    values_[count_++] = value;
  }

  static constexpr size_t kMaximumFields = 64;
  Napi::Env env_;
  RecordShapes* shapes_;
  size_t count_ = 0;
  std::array<const char*, kMaximumFields> names_;
  std::array<napi_value, kMaximumFields> values_;
};

// Reads a record from an object. An absent or undefined property leaves the field as it is; one of a wrong type, out
// of range or of an unknown name throws ArgumentError naming it.
class RecordReader {
 public:
  explicit RecordReader(const Napi::Object& object) : object_(object) {}

  template <std::integral T>
  void operator()(const char* name, T& value) {
    const Napi::Value v = take(name);
    if (v.IsUndefined()) return;
    if constexpr (std::same_as<T, bool>) {
      if (!v.IsBoolean()) throw ArgumentError(std::string(name) + ": not a boolean");
      value = v.As<Napi::Boolean>();
    } else {
      if constexpr (sizeof(T) == 8) {
        if (v.IsBigInt()) {
          bool lossless = false;
          value = static_cast<T>(v.As<Napi::BigInt>().Uint64Value(&lossless));
          if (!lossless) throw ArgumentError(std::string(name) + ": not an integer of 64 bits");
          return;
        }
      }
      value = static_cast<T>(integer(name, v, static_cast<double>(std::numeric_limits<T>::max())));
    }
  }
  // Copied; the caller may wipe its own.
  void operator()(const char* name, SecretBytes& value) {
    const Napi::Value v = take(name);
    if (v.IsUndefined()) return;
    if (!v.IsTypedArray() || v.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array)
      throw ArgumentError(std::string(name) + ": not a Uint8Array");
    const auto array = v.As<Napi::Uint8Array>();
    value.assign(array.Data(), array.Data() + array.ByteLength());
  }
  void operator()(const char* name, std::string& value) { value = text(name).value_or(value); }
  void operator()(const char* name, Address& value) {
    if (const auto t = text(name)) value = Address::parse(*t, name);
  }
  void operator()(const char* name, Prefix& value) {
    if (const auto t = text(name)) value = Prefix::parse(*t, name);
  }
  template <class T>
  void operator()(const char* name, std::optional<T>& value) {
    if (!present(name)) return;
    T inner{};
    (*this)(name, inner);
    value = inner;
  }
  template <class T, class Names>
  void named(const char* name, T& value, const Names& names) {
    const auto t = text(name);
    if (!t) return;
    for (const auto& n : names) {
      if (n.name == *t) {
        value = static_cast<T>(n.value);
        return;
      }
    }
    throw ArgumentError(std::string(name) + ": unknown: " + *t);
  }
  template <class T, class Names>
  void named(const char* name, std::optional<T>& value, const Names& names) {
    if (!present(name)) return;
    T inner{};
    named(name, inner, names);
    value = inner;
  }
  template <class T>
  void flag(const char* name, T& flags, uint32_t bit) {
    bool set = (flags & bit) != 0;
    (*this)(name, set);
    flags = static_cast<T>(set ? flags | bit : flags & ~bit);
  }
  template <class T>
  void record(const char* name, std::optional<T>& value) {
    const Napi::Value v = take(name);
    if (!v.IsUndefined()) value = read<T>(v, name);
  }
  template <class T>
  void record(const char* name, T& value) {
    const Napi::Value v = take(name);
    if (!v.IsUndefined()) value = read<T>(v, name);
  }
  template <class T>
  void list(const char* name, std::vector<T>& values) {
    const Napi::Value v = take(name);
    if (!v.IsUndefined()) values = readAll<T>(v, name);
  }

  template <class T>
  static T read(const Napi::Value& value, const char* what) {
    if (!value.IsObject()) throw ArgumentError(std::string(what) + ": not an object");
    RecordReader reader(value.As<Napi::Object>());
    T record{};
    T::fields(record, reader);
    reader.refuseUnknown();
    return record;
  }
  template <class T>
  static std::vector<T> readAll(const Napi::Value& value, const char* what) {
    if (!value.IsArray()) throw ArgumentError(std::string(what) + ": not an array");
    const auto array = value.As<Napi::Array>();
    std::vector<T> records;
    records.reserve(array.Length());
    for (uint32_t i = 0; i < array.Length(); ++i) {
      const Napi::HandleScope scope(value.Env());
      records.push_back(read<T>(array.Get(i), what));
    }
    return records;
  }

 private:
  bool present(const char* name) { return !take(name).IsUndefined(); }
  Napi::Value take(const char* name) {
    known_.push_back(name);
    return object_.Get(name);
  }
  std::optional<std::string> text(const char* name) {
    const Napi::Value v = take(name);
    if (v.IsUndefined()) return std::nullopt;
    if (!v.IsString()) throw ArgumentError(std::string(name) + ": not a string");
    return v.As<Napi::String>().Utf8Value();
  }
  static double integer(const char* name, const Napi::Value& v, double maximum) {
    const double number = v.IsNumber() ? v.As<Napi::Number>().DoubleValue() : -1;
    if (!(number >= 0 && number <= maximum) || number != std::floor(number)) {
      throw ArgumentError(std::string(name) + ": not an integer of 0.." +
                          std::to_string(static_cast<uint64_t>(maximum)));
    }
    return number;
  }
  // A misspelt property would otherwise be a route without its gateway.
  void refuseUnknown() const {
    const Napi::Array names = object_.GetPropertyNames();
    for (uint32_t i = 0; i < names.Length(); ++i) {
      const std::string name = names.Get(i).ToString();
      bool found = false;
      for (const char* known : known_) found = found || name == known;
      if (!found) throw ArgumentError(name + ": no such property");
    }
  }

  Napi::Object object_;
  std::vector<const char*> known_;
};

}  // namespace rp::node
