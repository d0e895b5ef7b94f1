// Methods for the configuration's tests: the real ones are tested where they live.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/map_reader.h"

namespace rtt::config {

struct FakeOptions final : MethodOptions {
  std::int64_t number = 0;
  std::string text;
  bool flag = false;
  std::chrono::nanoseconds delay{};

  [[nodiscard]] bool equals(const MethodOptions& other) const override {
    const auto* same = dynamic_cast<const FakeOptions*>(&other);
    return same != nullptr && number == same->number && text == same->text && flag == same->flag &&
           delay == same->delay;
  }
};

inline std::shared_ptr<const MethodOptions> read_fake(MapReader& reader) {
  auto options = std::make_shared<FakeOptions>();
  options->number = reader.integer("size", 1, 0, 10);
  options->text = reader.string("text", "default");
  options->flag = reader.boolean("flag", false);
  options->delay = reader.duration("delay", std::chrono::seconds(1), std::chrono::milliseconds(1),
                                   std::chrono::seconds(10));
  return options;
}

inline std::shared_ptr<const MethodOptions> read_fake_required(MapReader& reader) {
  auto options = std::make_shared<FakeOptions>();
  options->number = reader.required_integer("port", 1, 65535);
  if (reader.has("name")) options->text = reader.required_string("name");
  return options;
}

/// fake: size, text, flag, delay; fake_required: port, name, and makes TCP connections.
inline std::vector<MethodSchema> fake_methods() {
  return {{"fake", read_fake}, {"fake_required", read_fake_required, true}};
}

/// Methods of the real ones' names that take every key the real ones have.
inline std::vector<MethodSchema> permissive_methods() {
  const auto read = [](MapReader& reader) -> std::shared_ptr<const MethodOptions> {
    (void)reader.integer("port", 0, 1, 65535);
    (void)reader.integer("payload_bytes", 0, 0, 65507);
    (void)reader.boolean("dont_fragment", false);
    for (const char* text : {"source", "interface"}) (void)reader.string(text, "");
    for (const char* number : {"dscp", "ttl", "mark", "identifiers", "source_ports"}) {
      (void)reader.integer(number, 0, 0, 4294967295);
    }
    return std::make_shared<FakeOptions>();
  };
  const auto read_http = [read](MapReader& reader) {
    for (const char* text : {"scheme", "path", "host_header", "connection"}) {
      (void)reader.string(text, "");
    }
    (void)reader.integer("max_bytes", 0, 0, 1 << 30);
    for (const char* any : {"valid_status", "headers", "tls", "download"}) (void)reader.has(any);
    return read(reader);
  };
  return {{"icmp", read},
          {"tcp_connect", read},
          {"tcp_echo", read},
          {"udp_echo", read},
          {"http", read_http}};
}

}  // namespace rtt::config
