// A model for tests, as XGBoost 3.2.0 trained and saved it: a number and a category of three
// levels.
#pragma once

namespace gristmill {

inline constexpr const char* xgboost_model =
    R"json({"learner":{"attributes":{},"feature_names":["a","c"],"feature_types":["float","c"],
"gradient_booster":{"model":{"cats":{"enc":[{"offsets":[],"values":[]},{"offsets":[0,1,2,3],
"values":[120,121,122]}],"feature_segments":[0,0,3],"sorted_idx":[0,1,2]},
"gbtree_model_param":{"num_parallel_tree":"1","num_trees":"2"},"iteration_indptr":[0,1,2],
"tree_info":[0,0],"trees":[{"base_weights":[6.637555E-1,3.434629E0,-5.6086284E-1,1.20000005E-1,
1.1073359E0,-3.880374E-1,7.5692314E-1],"categories":[0,2],"categories_nodes":[0],
"categories_segments":[0],"categories_sizes":[2],"default_left":[0,0,1,0,0,0,0],"id":0,
"left_children":[1,3,5,-1,-1,-1,-1],"loss_changes":[1.9619064E2,1.229068E1,9.49055E1,0E0,0E0,
0E0,0E0],"parents":[2147483647,0,0,1,1,2,2],"right_children":[2,4,6,-1,-1,-1,-1],
"split_conditions":[1E-45,-1E0,7E-1,1.20000005E-1,1.1073359E0,-3.880374E-1,7.5692314E-1],
"split_indices":[1,0,0,0,0,0,0],"split_type":[1,0,0,0,0,0,0],"sum_hessian":[5.625E1,1.66875E1,
3.95625E1,1.5E0,1.51875E1,3.24375E1,7.125E0],"tree_param":{"num_deleted":"0","num_feature":"2",
"num_nodes":"7","size_leaf_vector":"1"}},
{"base_weights":[3.8644022E-1,1.7575107E0,-4.8802802E-1,9.442165E-2,5.5516326E-1,-3.5422584E-1,
4.1693783E-1],"categories":[0,2],"categories_nodes":[0],"categories_segments":[0],
"categories_sizes":[2],"default_left":[0,0,1,0,0,0,0],"id":1,"left_children":[1,3,5,-1,-1,-1,
-1],"loss_changes":[7.050201E1,2.483017E0,4.8794662E1,0E0,0E0,0E0,0E0],"parents":[2147483647,0,
0,1,1,2,2],"right_children":[2,4,6,-1,-1,-1,-1],"split_conditions":[1E-45,-1E0,7E-1,9.442165E-2,
5.5516326E-1,-3.5422584E-1,4.1693783E-1],"split_indices":[1,0,0,0,0,0,0],"split_type":[1,0,0,0,
0,0,0],"sum_hessian":[5.708737E1,2.183799E1,3.5249382E1,1.5883751E0,2.0249615E1,2.602136E1,
9.228023E0],"tree_param":{"num_deleted":"0","num_feature":"2","num_nodes":"7",
"size_leaf_vector":"1"}}]},"name":"gbtree"},"learner_model_param":{"base_score":"[2.5E-1]",
"boost_from_average":"0","num_class":"0","num_feature":"2","num_target":"1"},
"objective":{"name":"binary:logistic","reg_loss_param":{"scale_pos_weight":"1"}}},"version":[3,
2,0]})json";

}  // namespace gristmill
