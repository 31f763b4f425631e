package rpc

import (
	"context"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"

	"github.com/parleymeet/parley/services/telephony/internal/imports"
	"github.com/parleymeet/parley/services/telephony/internal/page"
	"github.com/parleymeet/parley/services/telephony/internal/pins"
	"github.com/parleymeet/parley/services/telephony/internal/throttle"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

type trunkServer struct {
	telephonyv1.UnimplementedTrunkServiceServer
	trunks   *trunks.Service
	budget   *throttle.Budget
	drainer  *pins.Drainer
	importer *imports.Importer
	changed  func()
}

// messages adds to trunks' messages what depends on the time and on their PINs.
func (s *trunkServer) messages(ctx context.Context, list ...*trunks.Trunk) []*telephonyv1.Trunk {
	sheets := s.budget.Of(ctx, list...)
	return mapAll(list, func(t *trunks.Trunk) *telephonyv1.Trunk {
		m := trunkMessage(t)
		m.Guarded = s.trunks.Guarded(t)
		sheet := sheets[t.ID]
		m.Density, m.DailyBudget, m.WrongPins = sheet.Density, sheet.Daily, int64(sheet.Wrong)
		m.SuggestedPinLength = int32(sheet.Suggested) // #nosec G115 -- 4 to 16
		return m
	})
}

// message is messages for one trunk.
func (s *trunkServer) message(ctx context.Context, t *trunks.Trunk) *telephonyv1.Trunk {
	return s.messages(ctx, t)[0]
}

func (s *trunkServer) CreateTrunk(ctx context.Context, req *telephonyv1.CreateTrunkRequest) (*telephonyv1.CreateTrunkResponse, error) {
	if err := operatorOnly(ctx); err != nil {
		return nil, err
	}
	trunk, warnings, err := s.trunks.Create(ctx, draftOf(req.GetTrunk()))
	if err != nil {
		return nil, err
	}
	return &telephonyv1.CreateTrunkResponse{Trunk: s.message(ctx, trunk), Warnings: warnings}, nil
}

func (s *trunkServer) GetTrunk(ctx context.Context, req *telephonyv1.GetTrunkRequest) (*telephonyv1.GetTrunkResponse, error) {
	if err := operatorOnly(ctx); err != nil {
		return nil, err
	}
	trunk, err := s.trunks.Get(ctx, req.GetTrunkId())
	if err != nil {
		return nil, err
	}
	return &telephonyv1.GetTrunkResponse{Trunk: s.message(ctx, trunk)}, nil
}

func (s *trunkServer) ListTrunks(ctx context.Context, req *telephonyv1.ListTrunksRequest) (*telephonyv1.ListTrunksResponse, error) {
	if err := operatorOnly(ctx); err != nil {
		return nil, err
	}
	window, err := page.Parse(req.GetPageSize(), req.GetPageToken(), req.GetSkip())
	if err != nil {
		return nil, err
	}
	list, total, err := s.trunks.List(ctx, window)
	if err != nil {
		return nil, err
	}
	return &telephonyv1.ListTrunksResponse{
		Trunks: s.messages(ctx, list...), NextPageToken: window.Next(total), TotalSize: int32(total), // #nosec G115 -- trunks are few
	}, nil
}

func (s *trunkServer) UpdateTrunk(ctx context.Context, req *telephonyv1.UpdateTrunkRequest) (*telephonyv1.UpdateTrunkResponse, error) {
	if err := operatorOnly(ctx); err != nil {
		return nil, err
	}
	defer s.changed()
	trunk, warnings, err := s.trunks.Update(ctx, req.GetTrunk().GetId(), draftOf(req.GetTrunk()), req.GetUpdateMask().GetPaths())
	if err != nil {
		return nil, err
	}
	return &telephonyv1.UpdateTrunkResponse{Trunk: s.message(ctx, trunk), Warnings: warnings}, nil
}

func (s *trunkServer) DeleteTrunk(ctx context.Context, req *telephonyv1.DeleteTrunkRequest) (*telephonyv1.DeleteTrunkResponse, error) {
	if err := operatorOnly(ctx); err != nil {
		return nil, err
	}
	if err := s.trunks.Delete(ctx, req.GetTrunkId()); err != nil {
		return nil, err
	}
	return &telephonyv1.DeleteTrunkResponse{}, nil
}

func (s *trunkServer) DrainTrunk(ctx context.Context, req *telephonyv1.DrainTrunkRequest) (*telephonyv1.DrainTrunkResponse, error) {
	if err := operatorOnly(ctx); err != nil {
		return nil, err
	}
	defer s.changed()
	trunk, err := s.trunks.Drain(ctx, req.GetTrunkId())
	if err != nil {
		return nil, err
	}
	s.drainer.Wake()
	return &telephonyv1.DrainTrunkResponse{Trunk: s.message(ctx, trunk)}, nil
}

func (s *trunkServer) AddNumber(ctx context.Context, req *telephonyv1.AddNumberRequest) (*telephonyv1.AddNumberResponse, error) {
	if err := operatorOnly(ctx); err != nil {
		return nil, err
	}
	trunk, err := s.trunks.AddNumber(ctx, req.GetTrunkId(), numberOf(req.GetNumber()))
	if err != nil {
		return nil, err
	}
	return &telephonyv1.AddNumberResponse{Trunk: s.message(ctx, trunk)}, nil
}

func (s *trunkServer) RemoveNumber(ctx context.Context, req *telephonyv1.RemoveNumberRequest) (*telephonyv1.RemoveNumberResponse, error) {
	if err := operatorOnly(ctx); err != nil {
		return nil, err
	}
	trunk, err := s.trunks.RemoveNumber(ctx, req.GetTrunkId(), req.GetNumber())
	if err != nil {
		return nil, err
	}
	return &telephonyv1.RemoveNumberResponse{Trunk: s.message(ctx, trunk)}, nil
}

func (s *trunkServer) ImportPins(ctx context.Context, req *telephonyv1.ImportPinsRequest) (*telephonyv1.ImportPinsResponse, error) {
	if err := operatorOnly(ctx); err != nil {
		return nil, err
	}
	defer s.changed()
	outcomes, err := s.importer.Import(ctx, req.GetTrunkId(), mapAll(req.GetPins(), importedPIN))
	if err != nil {
		return nil, err
	}
	return &telephonyv1.ImportPinsResponse{Outcomes: mapAll(outcomes, importOutcome)}, nil
}
