#include "probers/tracker.h"

#include <gtest/gtest.h>

namespace rtt::probers {
namespace {

using namespace std::chrono_literals;
using base::TimePoint;
using metrics::FailureReason;
using Verdict = Tracker::Verdict;

const base::IpAddress kPeer = *base::IpAddress::parse("10.0.0.1");
const base::IpAddress kStranger = *base::IpAddress::parse("10.0.0.66");
constexpr base::nanoseconds kTimeout = 1s;
constexpr base::nanoseconds kRealtime = 1'700'000'000s;
const TimePoint kStart{500s};

class TrackerTest : public testing::Test {
 protected:
  ~TrackerTest() override {
    const auto ledger = series_->probe_snapshot().ledger;
    EXPECT_EQ(ledger.sent, ledger.replied + ledger.lost + ledger.failed_total() + ledger.in_flight);
  }

  // A probe on the wire.
  struct Sent {
    Handle handle;
    Origin origin;
    TimePoint when;
  };

  Sent send(TimePoint when = kStart, Origin origin = {1, 7}) {
    const Handle handle = tracker_.begin(peer_, kPeer, origin);
    tracker_.sent(handle, when);
    return {handle, origin, when};
  }
  static Echo reply_to(const Sent& sent) {
    return {.sequence = sent.origin.sequence, .token = sent.handle.token, .payload_bytes = 56};
  }
  static NotDelivered error_about(const Sent& sent,
                                  FailureReason reason = FailureReason::kUnreachable) {
    return {.reason = reason,
            .destination = kPeer,
            .sequence = sent.origin.sequence,
            .token = sent.handle.token};
  }
  static Arrival arrival(base::nanoseconds after = 3ms) {
    return {.channel = 1,
            .from = kPeer,
            .kernel_received = kRealtime + after,
            .received = kStart + after + 1ms};
  }
  static Arrival arrival_with(std::uint8_t hop_limit) {
    Arrival with = arrival();
    with.hop_limit = hop_limit;
    return with;
  }
  [[nodiscard]] metrics::ProbeLedger ledger() const { return series_->probe_snapshot().ledger; }
  [[nodiscard]] std::uint64_t failed(FailureReason reason) const {
    return ledger().failed[static_cast<std::size_t>(reason)];
  }

  std::shared_ptr<metrics::ProbeSeries> series_ = std::make_shared<metrics::ProbeSeries>(
      metrics::PeerLabels{"target", "peer", {}}, "icmp",
      std::make_shared<metrics::BucketGrid>(*metrics::BucketGrid::create({0.001, 1.0}, 3)),
      std::vector{FailureReason::kUnreachable, FailureReason::kTtlExceeded, FailureReason::kNoRoute,
                  FailureReason::kTooBig, FailureReason::kRefused, FailureReason::kCancelled},
      metrics::ProbeFeatures{.path_changes = true});
  std::shared_ptr<Peer> peer_ =
      std::make_shared<Peer>(Peer{.series = series_, .timeout = kTimeout, .payload_bytes = 56});
  Tracker tracker_;
};

TEST_F(TrackerTest, AProbeIsInFlightUntilItsAnswer) {
  const Sent sent = send();
  EXPECT_EQ(ledger().in_flight, 1U);
  EXPECT_TRUE(tracker_.in_flight(sent.handle));
  EXPECT_EQ(tracker_.on_reply(reply_to(sent), arrival()), Verdict::kCounted);
  EXPECT_EQ(ledger().in_flight, 0U);
  EXPECT_EQ(ledger().replied, 1U);
}

TEST_F(TrackerTest, TheRoundTripIsTheKernels) {
  const Sent sent = send();
  tracker_.transmitted(sent.handle, kRealtime + 1ms);
  tracker_.on_reply(reply_to(sent), arrival(3ms));
  EXPECT_EQ(series_->snapshot().last, 2ms);
  EXPECT_EQ(tracker_.take_fallbacks(), 0U);
}

TEST_F(TrackerTest, ARoundTripWithoutTimestampsIsUserspacesAndCounted) {
  const Sent sent = send();
  tracker_.on_reply(reply_to(sent), arrival(3ms));
  EXPECT_EQ(series_->snapshot().last, 4ms);
  EXPECT_EQ(tracker_.take_fallbacks(), 1U);
}

TEST_F(TrackerTest, AStepOfTheClockMakesNoObservation) {
  const Sent sent = send();
  tracker_.transmitted(sent.handle, kRealtime - 3600s);
  tracker_.on_reply(reply_to(sent), arrival(3ms));
  EXPECT_EQ(series_->snapshot().last, 4ms);
}

TEST_F(TrackerTest, AReplyFromAnotherAddressIsNoObservation) {
  const Sent sent = send();
  Arrival foreign = arrival();
  foreign.from = kStranger;
  EXPECT_EQ(tracker_.on_reply(reply_to(sent), foreign), Verdict::kUnmatched);
  EXPECT_EQ(ledger().in_flight, 1U);
}

TEST_F(TrackerTest, AReplyWithAnotherTokenIsNoObservation) {
  Echo forged = reply_to(send());
  forged.token ^= 1;
  EXPECT_EQ(tracker_.on_reply(forged, arrival()), Verdict::kUnmatched);
  EXPECT_EQ(ledger().in_flight, 1U);
}

TEST_F(TrackerTest, AReplyWithAnotherSequenceNumberIsNoObservation) {
  Echo forged = reply_to(send());
  ++forged.sequence;
  EXPECT_EQ(tracker_.on_reply(forged, arrival()), Verdict::kUnmatched);
}

TEST_F(TrackerTest, AReplyOnAnotherChannelIsNoObservation) {
  const Sent sent = send();
  Arrival elsewhere = arrival();
  elsewhere.channel = 2;
  EXPECT_EQ(tracker_.on_reply(reply_to(sent), elsewhere), Verdict::kUnmatched);
}

TEST_F(TrackerTest, AReplyOfAnotherLengthIsNoObservation) {
  const Sent sent = send();
  for (const std::size_t bytes : {8U, 55U, 57U}) {
    Echo altered = reply_to(sent);
    altered.payload_bytes = bytes;
    EXPECT_EQ(tracker_.on_reply(altered, arrival()), Verdict::kMalformed);
  }
  EXPECT_EQ(ledger().in_flight, 1U);
}

TEST_F(TrackerTest, ASecondReplyIsADuplicate) {
  const Sent sent = send();
  tracker_.on_reply(reply_to(sent), arrival());
  EXPECT_EQ(tracker_.on_reply(reply_to(sent), arrival()), Verdict::kCounted);
  EXPECT_EQ(ledger().duplicate, 1U);
  EXPECT_EQ(ledger().replied, 1U);
}

TEST_F(TrackerTest, AProbeIsLostAtItsDeadlineAndNotBefore) {
  send();
  EXPECT_EQ(tracker_.expire(kStart + kTimeout - 1ns), kStart + kTimeout);
  EXPECT_EQ(ledger().lost, 0U);
  EXPECT_EQ(tracker_.expire(kStart + kTimeout), std::nullopt);
  EXPECT_EQ(ledger().lost, 1U);
}

TEST_F(TrackerTest, AReplyAfterTheTimeoutIsLateAndStaysLost) {
  const Sent sent = send();
  tracker_.expire(kStart + kTimeout);
  EXPECT_EQ(tracker_.on_reply(reply_to(sent), arrival(1500ms)), Verdict::kCounted);
  EXPECT_EQ(ledger().late, 1U);
  EXPECT_EQ(ledger().lost, 1U);
  EXPECT_EQ(ledger().replied, 0U);
}

TEST_F(TrackerTest, ASecondLateReplyIsADuplicate) {
  const Sent sent = send();
  tracker_.expire(kStart + kTimeout);
  tracker_.on_reply(reply_to(sent), arrival(1500ms));
  tracker_.on_reply(reply_to(sent), arrival(1600ms));
  EXPECT_EQ(ledger().late, 1U);
  EXPECT_EQ(ledger().duplicate, 1U);
}

TEST_F(TrackerTest, AReplyThatTookLongerThanTheTimeoutIsLateEvenBeforeTheTimer) {
  const Sent sent = send();
  tracker_.transmitted(sent.handle, kRealtime);
  tracker_.on_reply(reply_to(sent), arrival(1001ms));
  EXPECT_EQ(ledger().lost, 1U);
  EXPECT_EQ(ledger().late, 1U);
  EXPECT_EQ(series_->snapshot().last, std::nullopt);
}

TEST_F(TrackerTest, AReplyInTimeCountsHoweverLateItIsRead) {
  const Sent sent = send();
  tracker_.transmitted(sent.handle, kRealtime);
  Arrival read_late = arrival(900ms);
  read_late.received = kStart + 5s;
  tracker_.on_reply(reply_to(sent), read_late);
  EXPECT_EQ(ledger().replied, 1U);
  EXPECT_EQ(series_->snapshot().last, 900ms);
}

TEST_F(TrackerTest, LateRepliesAndDuplicatesAreRecognisedForAWhile) {
  const Sent sent = send();
  tracker_.expire(kStart + kTimeout);
  tracker_.expire(kStart + kTimeout + Tracker::kMemory - 1ns);
  EXPECT_EQ(tracker_.on_reply(reply_to(sent), arrival(9s)), Verdict::kCounted);
}

TEST_F(TrackerTest, AProbeIsForgottenInTheEnd) {
  const Sent sent = send();
  tracker_.expire(kStart + kTimeout);
  tracker_.expire(kStart + kTimeout + Tracker::kMemory);
  EXPECT_EQ(tracker_.held(), 0U);
  EXPECT_EQ(tracker_.on_reply(reply_to(sent), arrival(12s)), Verdict::kUnmatched);
}

TEST_F(TrackerTest, MemoryOfFinishedProbesIsBounded) {
  for (std::size_t i = 0; i < Tracker::kMostRemembered + 1000; ++i) {
    send(kStart, {1, static_cast<std::uint16_t>(i)});
  }
  tracker_.expire(kStart + kTimeout);
  EXPECT_EQ(tracker_.held(), Tracker::kMostRemembered);
}

TEST_F(TrackerTest, MoreProbesInFlightThanSequenceNumbersAreToldApart) {
  std::vector<Sent> all;
  for (std::size_t i = 0; i < 140'000; ++i) {
    all.push_back(send(kStart, {1, static_cast<std::uint16_t>(i)}));
  }
  for (const Sent& sent : all) {
    ASSERT_EQ(tracker_.on_reply(reply_to(sent), arrival()), Verdict::kCounted);
  }
  EXPECT_EQ(ledger().replied, all.size());
  EXPECT_EQ(ledger().duplicate, 0U);
}

TEST_F(TrackerTest, NobodyIsWokenForProbesThatHaveTheirReply) {
  const Sent first = send(kStart);
  send(kStart + 500ms, {1, 8});
  tracker_.on_reply(reply_to(first), arrival());
  EXPECT_EQ(tracker_.expire(kStart + 600ms), kStart + 500ms + kTimeout);
}

TEST_F(TrackerTest, DeadlinesOfDifferentTimeoutsAreKeptInOrder) {
  auto quick =
      std::make_shared<Peer>(Peer{.series = series_, .timeout = 100ms, .payload_bytes = 56});
  send();
  const Handle handle = tracker_.begin(quick, kPeer, {1, 8});
  tracker_.sent(handle, kStart + 1ms);
  EXPECT_EQ(tracker_.next_deadline(), kStart + 101ms);
}

TEST_F(TrackerTest, UnreachableFailsTheProbe) {
  const Sent sent = send();
  EXPECT_EQ(tracker_.on_error(error_about(sent), arrival()), Verdict::kCounted);
  EXPECT_EQ(failed(FailureReason::kUnreachable), 1U);
  EXPECT_EQ(ledger().in_flight, 0U);
}

TEST_F(TrackerTest, TimeExceededFailsTheProbe) {
  tracker_.on_error(error_about(send(), FailureReason::kTtlExceeded), arrival());
  EXPECT_EQ(failed(FailureReason::kTtlExceeded), 1U);
}

TEST_F(TrackerTest, AnErrorWithoutATokenFindsItsProbe) {
  NotDelivered error = error_about(send());
  error.token.reset();
  EXPECT_EQ(tracker_.on_error(error, arrival()), Verdict::kCounted);
}

TEST_F(TrackerTest, AnErrorWithoutATokenThatCouldMeanTwoProbesFailsNone) {
  send();
  NotDelivered error = error_about(send());
  error.token.reset();
  EXPECT_EQ(tracker_.on_error(error, arrival()), Verdict::kUnmatched);
  EXPECT_EQ(ledger().in_flight, 2U);
}

TEST_F(TrackerTest, AnErrorWithAWrongTokenFailsNone) {
  NotDelivered error = error_about(send());
  error.token = *error.token ^ 1;
  EXPECT_EQ(tracker_.on_error(error, arrival()), Verdict::kUnmatched);
}

TEST_F(TrackerTest, AnErrorAboutAnotherDestinationFailsNone) {
  NotDelivered error = error_about(send());
  error.destination = kStranger;
  EXPECT_EQ(tracker_.on_error(error, arrival()), Verdict::kUnmatched);
}

TEST_F(TrackerTest, AnErrorAfterTheReplyChangesNothing) {
  const Sent sent = send();
  tracker_.on_reply(reply_to(sent), arrival());
  EXPECT_EQ(tracker_.on_error(error_about(sent), arrival()), Verdict::kFinished);
  EXPECT_EQ(ledger().failed_total(), 0U);
}

TEST_F(TrackerTest, AReplyAfterAnErrorChangesNothing) {
  const Sent sent = send();
  tracker_.on_error(error_about(sent), arrival());
  EXPECT_EQ(tracker_.on_reply(reply_to(sent), arrival()), Verdict::kFinished);
  EXPECT_EQ(ledger().replied, 0U);
  EXPECT_EQ(ledger().late, 0U);
}

TEST_F(TrackerTest, ARefusalByThePeerIsAFailureWithARoundTrip) {
  const Sent sent = send();
  tracker_.transmitted(sent.handle, kRealtime + 1ms);
  NotDelivered refusal = error_about(sent, FailureReason::kRefused);
  refusal.by_peer = true;
  EXPECT_EQ(tracker_.on_error(refusal, arrival(3ms)), Verdict::kCounted);
  EXPECT_EQ(failed(FailureReason::kRefused), 1U);
  EXPECT_EQ(series_->snapshot().last, 2ms);
}

TEST_F(TrackerTest, AnErrorFromOnTheWayIsNoRoundTrip) {
  tracker_.on_error(error_about(send()), arrival());
  EXPECT_EQ(series_->snapshot().last, std::nullopt);
}

TEST_F(TrackerTest, ARefusalThatTookLongerThanTheTimeoutIsNoRoundTrip) {
  NotDelivered refusal = error_about(send(), FailureReason::kRefused);
  refusal.by_peer = true;
  tracker_.on_error(refusal, arrival(1001ms));
  EXPECT_EQ(failed(FailureReason::kRefused), 1U);
  EXPECT_EQ(series_->snapshot().last, std::nullopt);
}

TEST_F(TrackerTest, AReplyFromAnotherPortIsNoObservation) {
  peer_->port = 10007;
  const Sent sent = send();
  EXPECT_EQ(tracker_.on_reply(reply_to(sent), arrival()), Verdict::kUnmatched);
  Arrival right = arrival();
  right.from_port = 10007;
  EXPECT_EQ(tracker_.on_reply(reply_to(sent), right), Verdict::kCounted);
}

TEST_F(TrackerTest, AnErrorAboutAnotherPortFailsNone) {
  peer_->port = 10007;
  NotDelivered error = error_about(send());
  EXPECT_EQ(tracker_.on_error(error, arrival()), Verdict::kUnmatched);
  error.port = 10007;
  EXPECT_EQ(tracker_.on_error(error, arrival()), Verdict::kCounted);
}

TEST_F(TrackerTest, AProbeThatCouldNotBeSentFailsAndIsForgotten) {
  const Handle handle = tracker_.begin(peer_, kPeer, {1, 7});
  tracker_.send_failed(handle, FailureReason::kNoRoute);
  EXPECT_EQ(failed(FailureReason::kNoRoute), 1U);
  EXPECT_EQ(tracker_.held(), 0U);
}

TEST_F(TrackerTest, CancellingEndsAllProbesInFlight) {
  const Sent replied = send();
  tracker_.on_reply(reply_to(replied), arrival());
  send(kStart, {1, 8});
  const Handle unsent = tracker_.begin(peer_, kPeer, {1, 9});
  tracker_.cancel(*peer_);
  EXPECT_EQ(failed(FailureReason::kCancelled), 2U);
  EXPECT_EQ(ledger().in_flight, 0U);
  EXPECT_FALSE(tracker_.in_flight(unsent));
}

TEST_F(TrackerTest, AnswersToACancelledProbeAreIgnored) {
  const Sent sent = send();
  tracker_.cancel(*peer_);
  EXPECT_EQ(tracker_.on_reply(reply_to(sent), arrival()), Verdict::kFinished);
  EXPECT_EQ(tracker_.on_error(error_about(sent), arrival()), Verdict::kFinished);
  EXPECT_EQ(tracker_.expire(kStart + kTimeout), std::nullopt);
  EXPECT_EQ(ledger().lost, 0U);
}

TEST_F(TrackerTest, ATimestampForAForgottenProbeIsIgnored) {
  const Handle handle = tracker_.begin(peer_, kPeer, {1, 7});
  tracker_.send_failed(handle, FailureReason::kNoRoute);
  tracker_.transmitted(handle, kRealtime);
  EXPECT_EQ(tracker_.held(), 0U);
}

TEST_F(TrackerTest, AReplyWithAnotherHopLimitIsAPathChange) {
  for (const std::uint8_t hop_limit : {64, 64, 63, 63}) {
    tracker_.on_reply(reply_to(send()), arrival_with(hop_limit));
  }
  EXPECT_EQ(ledger().path_changes, 1U);
}

TEST_F(TrackerTest, ALateReplyWithAnotherHopLimitIsAPathChange) {
  tracker_.on_reply(reply_to(send()), arrival_with(64));
  const Sent late = send();
  (void)tracker_.expire(kStart + kTimeout);
  tracker_.on_reply(reply_to(late), arrival_with(63));
  EXPECT_EQ(ledger().path_changes, 1U);
}

TEST_F(TrackerTest, ADuplicateIsNoPathChange) {
  const Sent sent = send();
  tracker_.on_reply(reply_to(sent), arrival_with(64));
  tracker_.on_reply(reply_to(sent), arrival_with(63));
  EXPECT_EQ(ledger().duplicate, 1U);
  EXPECT_EQ(ledger().path_changes, 0U);
}

TEST_F(TrackerTest, AForgedReplyIsNoPathChange) {
  tracker_.on_reply(reply_to(send()), arrival_with(64));
  const Sent sent = send();
  Echo forged = reply_to(sent);
  ++forged.token;
  tracker_.on_reply(forged, arrival_with(63));
  Arrival foreign = arrival_with(62);
  foreign.from = kStranger;
  tracker_.on_reply(reply_to(sent), foreign);
  tracker_.on_reply(reply_to(sent), arrival_with(64));
  EXPECT_EQ(ledger().path_changes, 0U);
}

TEST_F(TrackerTest, AReplyOfUnknownHopLimitIsNoPathChange) {
  tracker_.on_reply(reply_to(send()), arrival_with(64));
  tracker_.on_reply(reply_to(send()), arrival());
  tracker_.on_reply(reply_to(send()), arrival_with(64));
  EXPECT_EQ(ledger().path_changes, 0U);
}

TEST_F(TrackerTest, AProbeFailsWithTheReasonOfTheError) {
  const Sent sent = send();
  EXPECT_EQ(tracker_.on_error(error_about(sent, FailureReason::kTooBig), arrival()),
            Verdict::kCounted);
  EXPECT_EQ(failed(FailureReason::kTooBig), 1U);
}

}  // namespace
}  // namespace rtt::probers
