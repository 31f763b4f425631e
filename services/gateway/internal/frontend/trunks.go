package frontend

import (
	"context"

	frontendv1 "github.com/parleymeet/parley/gen/parley/frontend/v1"
	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/gateway/internal/visit"
)

type trunkServer struct {
	frontendv1.UnimplementedTrunkServiceServer
	trunks telephonyv1.TrunkServiceClient
}

// CreateTrunk adds a trunk.
func (s *trunkServer) CreateTrunk(ctx context.Context, req *frontendv1.CreateTrunkRequest) (*frontendv1.CreateTrunkResponse, error) {
	ctx, _ = visit.Enter(ctx)
	fields, err := newTrunk(req.GetBody())
	if err != nil {
		return nil, s.firstMay(ctx, err)
	}
	answer, err := s.trunks.CreateTrunk(ctx, &telephonyv1.CreateTrunkRequest{Trunk: fields})
	if err != nil {
		return nil, err
	}
	shown := trunk(answer.GetTrunk())
	shown.Warnings = answer.GetWarnings()
	return &frontendv1.CreateTrunkResponse{Trunk: shown}, nil
}

// firstMay returns what a visitor with a wrong form is told: whether it may
// manage trunks at all, and only then what is wrong. Telephony decides: only who
// may is told that there is no trunk without an id.
func (s *trunkServer) firstMay(ctx context.Context, wrong error) error {
	_, err := s.trunks.GetTrunk(ctx, &telephonyv1.GetTrunkRequest{})
	if apierr.Has(err, apierr.TrunkNotFound) {
		err = nil
	}
	return allWrong(wrong, err)
}

// GetTrunk answers with a trunk.
func (s *trunkServer) GetTrunk(ctx context.Context, req *frontendv1.GetTrunkRequest) (*frontendv1.GetTrunkResponse, error) {
	ctx, _ = visit.Enter(ctx)
	answer, err := s.trunks.GetTrunk(ctx, &telephonyv1.GetTrunkRequest{TrunkId: req.GetId()})
	if err != nil {
		return nil, err
	}
	return &frontendv1.GetTrunkResponse{Trunk: trunk(answer.GetTrunk())}, nil
}

// ListTrunks lists trunks.
func (s *trunkServer) ListTrunks(ctx context.Context, req *frontendv1.ListTrunksRequest) (*frontendv1.ListTrunksResponse, error) {
	ctx, v := visit.Enter(ctx)
	p, err := listPage(v.URL, req.GetPage(), pageSize(req.GetPageSize()), func(size, skip int32) ([]*telephonyv1.Trunk, int32, error) {
		answer, err := s.trunks.ListTrunks(ctx, &telephonyv1.ListTrunksRequest{PageSize: size, Skip: skip})
		return answer.GetTrunks(), answer.GetTotalSize(), err
	})
	if err != nil {
		return nil, err
	}
	answer := &frontendv1.ListTrunksResponse{Count: p.count, Next: p.next, Previous: p.previous}
	for _, t := range p.items {
		answer.Results = append(answer.Results, trunk(t))
	}
	return answer, nil
}

// UpdateTrunk changes what is given.
func (s *trunkServer) UpdateTrunk(ctx context.Context, req *frontendv1.UpdateTrunkRequest) (*frontendv1.UpdateTrunkResponse, error) {
	ctx, _ = visit.Enter(ctx)
	fields, mask, wrong := trunkChanges(req.GetBody())
	if wrong != nil {
		_, err := s.trunks.GetTrunk(ctx, &telephonyv1.GetTrunkRequest{TrunkId: req.GetId()})
		return nil, allWrong(wrong, err)
	}
	fields.Id = req.GetId()
	answer, err := s.trunks.UpdateTrunk(ctx, &telephonyv1.UpdateTrunkRequest{Trunk: fields, UpdateMask: mask})
	if err != nil {
		return nil, err
	}
	shown := trunk(answer.GetTrunk())
	shown.Warnings = answer.GetWarnings()
	return &frontendv1.UpdateTrunkResponse{Trunk: shown}, nil
}

// DeleteTrunk deletes a trunk.
func (s *trunkServer) DeleteTrunk(ctx context.Context, req *frontendv1.DeleteTrunkRequest) (*frontendv1.DeleteTrunkResponse, error) {
	ctx, _ = visit.Enter(ctx)
	if _, err := s.trunks.DeleteTrunk(ctx, &telephonyv1.DeleteTrunkRequest{TrunkId: req.GetId()}); err != nil {
		return nil, err
	}
	return &frontendv1.DeleteTrunkResponse{}, nil
}

// DrainTrunk begins to empty a trunk.
func (s *trunkServer) DrainTrunk(ctx context.Context, req *frontendv1.DrainTrunkRequest) (*frontendv1.DrainTrunkResponse, error) {
	ctx, _ = visit.Enter(ctx)
	answer, err := s.trunks.DrainTrunk(ctx, &telephonyv1.DrainTrunkRequest{TrunkId: req.GetId()})
	if err != nil {
		return nil, err
	}
	return &frontendv1.DrainTrunkResponse{Trunk: trunk(answer.GetTrunk())}, nil
}

// AddNumber adds a number to a trunk and answers with the trunk.
func (s *trunkServer) AddNumber(ctx context.Context, req *frontendv1.AddNumberRequest) (*frontendv1.AddNumberResponse, error) {
	ctx, _ = visit.Enter(ctx)
	fields, wrong := newNumber(req.GetBody())
	if wrong != nil {
		_, err := s.trunks.GetTrunk(ctx, &telephonyv1.GetTrunkRequest{TrunkId: req.GetId()})
		return nil, allWrong(wrong, err)
	}
	answer, err := s.trunks.AddNumber(ctx, &telephonyv1.AddNumberRequest{TrunkId: req.GetId(), Number: fields})
	if err != nil {
		return nil, err
	}
	return &frontendv1.AddNumberResponse{Trunk: trunk(answer.GetTrunk())}, nil
}

// RemoveNumber takes a number from a trunk.
func (s *trunkServer) RemoveNumber(ctx context.Context, req *frontendv1.RemoveNumberRequest) (*frontendv1.RemoveNumberResponse, error) {
	ctx, _ = visit.Enter(ctx)
	if _, err := s.trunks.RemoveNumber(ctx, &telephonyv1.RemoveNumberRequest{TrunkId: req.GetId(), Number: req.GetNumber()}); err != nil {
		return nil, err
	}
	return &frontendv1.RemoveNumberResponse{}, nil
}
