package app

import (
	"trunkline/app/pricing"
	"trunkline/app/rerate"
	"trunkline/cdr/kafka"
	"trunkline/internal/clock"
	"trunkline/internal/e164"
	"trunkline/rating/worker"
)

const workerGroup = "trunkline-rating"

// startWorker runs the rating worker until the system ends.
func (s *System) startWorker() error {
	consumer, err := kafka.NewConsumer(s.kafkaConfig(), kafka.LegsTopic, workerGroup, kafka.Take{})
	if err != nil {
		return err
	}
	countries, err := e164.NewCountries()
	if err != nil {
		return err
	}
	current := func() worker.Prices { return pricing.Prices{Ctx: s.life, Snapshot: s.provisioning.Live.Snapshot()} }
	if s.repair, err = rerate.NewRepair(s.Stores, s.books, current, s.log); err != nil {
		return err
	}
	graveyard := kafka.NewProducer(s.kafkaConfig(), kafka.DeadTopic)
	s.worker = worker.New(worker.Config{
		Topic: kafka.LegsTopic, Stream: consumer, Books: s.books,
		Calls: s.Stores.Records, DeadLetters: graveyard,
		Prices: current, Agree: s.agree,
		Country: countries.Of, Clock: clock.System{}, Log: s.log,
	})
	s.running.Go(func() { s.settle(s.life) })
	s.running.Go(func() { s.keepAgreement(s.life) })
	s.running.Go(func() { s.keepExamining(s.life) })
	s.running.Go(func() { s.keepWatch(s.life) })
	s.running.Go(func() { s.endTrials(s.life) })
	s.running.Go(func() {
		if err := s.worker.Run(s.life); err != nil {
			s.failed <- err
		}
		_ = consumer.Leave()
		_ = graveyard.Close()
	})
	return nil
}
