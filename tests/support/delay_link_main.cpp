// delay_link by hand: joins two named network namespaces (ip netns add ...) by a link with a delay.
//
//   delay_link NETNS_A NETNS_B
//
// Then each line on standard input sets a direction anew, for example
//   both delay=10ms jitter=1ms
//   a-to-b delay=5ms loss=0.1 duplicate=0.01 reorder=0.01 rate=10000000
// and the end of the input ends the link.
#include <fcntl.h>

#include <iostream>
#include <optional>
#include <sstream>

#include "base/duration.h"
#include "support/delay_link.h"
#include "support/setup_error.h"

namespace {

using rtt::support::DelayLink;
using rtt::support::Direction;
using rtt::support::Impairment;
using rtt::support::Namespace;
using rtt::support::SetupError;

std::chrono::nanoseconds duration(const std::string& text) {
  const auto value = rtt::base::parse_duration(text);
  if (!value) throw SetupError(value.error().message);
  return *value;
}

Impairment parse_settings(std::istream& words) {
  Impairment result;
  for (std::string word; words >> word;) {
    const std::size_t equals = std::min(word.find('='), word.size());
    const std::string key = word.substr(0, equals);
    const std::string value = word.substr(std::min(equals + 1, word.size()));
    if (key == "delay") {
      result.delay = duration(value);
    } else if (key == "jitter") {
      result.jitter = duration(value);
    } else if (key == "loss") {
      result.loss = std::stod(value);
    } else if (key == "duplicate") {
      result.duplicate = std::stod(value);
    } else if (key == "reorder") {
      result.reorder = std::stod(value);
    } else if (key == "rate") {
      result.bits_per_second = std::stoull(value);
    } else {
      throw SetupError("\"" + word +
                       "\" is not one of delay, jitter, loss, duplicate, reorder, rate");
    }
  }
  return result;
}

void obey(DelayLink& link, const std::string& line) {
  std::istringstream words(line);
  std::string direction;
  words >> direction;
  const Impairment impairment = parse_settings(words);
  if (direction == "both") {
    link.set_both(impairment);
  } else if (direction == "a-to-b") {
    link.set(Direction::kAToB, impairment);
  } else if (direction == "b-to-a") {
    link.set(Direction::kBToA, impairment);
  } else {
    throw SetupError("a line begins with both, a-to-b or b-to-a");
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: delay_link NETNS_A NETNS_B\n";
    return 2;
  }
  try {
    const Namespace a = Namespace::named(argv[1]);
    const Namespace b = Namespace::named(argv[2]);
    DelayLink link(a, b);
    std::cout << "link0: " << link.addresses().a4 << " " << link.addresses().a6 << " <-> "
              << link.addresses().b4 << " " << link.addresses().b6 << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
      try {
        obey(link, line);
      } catch (const std::exception& error) {
        std::cerr << error.what() << "\n";
      }
    }
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
